//! DuckDB's types by the names that it prints.

use ::duckdb::arrow::datatypes::DataType;
use ::duckdb::core::{LogicalTypeHandle, LogicalTypeId};

/// The name of a type as `describe` would print it, nested types included. `arrow` is the same type as Arrow has it: it alone tells
/// the length of an array.
pub(super) fn name(logical: &LogicalTypeHandle, arrow: &DataType) -> String {
    if let Some(alias) = logical.get_alias().filter(|alias| !alias.is_empty()) {
        return alias;
    }
    match logical.id() {
        LogicalTypeId::Decimal => format!("DECIMAL({},{})", logical.decimal_width(), logical.decimal_scale()),
        LogicalTypeId::List => format!("{}[]", child(logical, arrow, 0)),
        LogicalTypeId::Array => {
            let length =
                if let DataType::FixedSizeList(_, length) = arrow { length.to_string() } else { String::new() };
            format!("{}[{length}]", child(logical, arrow, 0))
        }
        LogicalTypeId::Map => format!("MAP({}, {})", child(logical, arrow, 0), child(logical, arrow, 1)),
        LogicalTypeId::Struct => format!("STRUCT({})", fields(logical, arrow)),
        LogicalTypeId::Union => format!("UNION({})", fields(logical, arrow)),
        simple => simple_name(simple).to_owned(),
    }
}

fn child(logical: &LogicalTypeHandle, arrow: &DataType, at: usize) -> String {
    name(&logical.child(at), arrow_child(arrow, at).unwrap_or(&DataType::Null))
}

fn arrow_child(arrow: &DataType, at: usize) -> Option<&DataType> {
    match arrow {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            Some(field.data_type())
        }
        DataType::Struct(fields) => fields.get(at).map(|field| field.data_type()),
        DataType::Map(entries, _) => arrow_child(entries.data_type(), at),
        DataType::Union(fields, _) => fields.iter().nth(at).map(|(_, field)| field.data_type()),
        _ => None,
    }
}

fn fields(logical: &LogicalTypeHandle, arrow: &DataType) -> String {
    let field = |at| format!("{} {}", quoted(&logical.child_name(at)), child(logical, arrow, at));
    (0..logical.num_children()).map(field).collect::<Vec<_>>().join(", ")
}

/// A field's name, quoted where it is not a plain lower-case word.
fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn simple_name(id: LogicalTypeId) -> &'static str {
    match id {
        LogicalTypeId::Boolean => "BOOLEAN",
        LogicalTypeId::Tinyint => "TINYINT",
        LogicalTypeId::Smallint => "SMALLINT",
        LogicalTypeId::Integer | LogicalTypeId::IntegerLiteral => "INTEGER",
        LogicalTypeId::Bigint => "BIGINT",
        LogicalTypeId::UTinyint => "UTINYINT",
        LogicalTypeId::USmallint => "USMALLINT",
        LogicalTypeId::UInteger => "UINTEGER",
        LogicalTypeId::UBigint => "UBIGINT",
        LogicalTypeId::Float => "FLOAT",
        LogicalTypeId::Double => "DOUBLE",
        LogicalTypeId::Timestamp => "TIMESTAMP",
        LogicalTypeId::TimestampS => "TIMESTAMP_S",
        LogicalTypeId::TimestampMs => "TIMESTAMP_MS",
        LogicalTypeId::TimestampNs => "TIMESTAMP_NS",
        LogicalTypeId::TimestampTZ => "TIMESTAMP WITH TIME ZONE",
        LogicalTypeId::Date => "DATE",
        LogicalTypeId::Time => "TIME",
        LogicalTypeId::TimeTZ => "TIME WITH TIME ZONE",
        LogicalTypeId::TimeNs => "TIME_NS",
        LogicalTypeId::Interval => "INTERVAL",
        LogicalTypeId::Hugeint => "HUGEINT",
        LogicalTypeId::UHugeint => "UHUGEINT",
        LogicalTypeId::Varchar | LogicalTypeId::StringLiteral => "VARCHAR",
        LogicalTypeId::Blob => "BLOB",
        LogicalTypeId::Enum => "ENUM",
        LogicalTypeId::Uuid => "UUID",
        LogicalTypeId::Bit => "BIT",
        LogicalTypeId::Bignum => "BIGNUM",
        LogicalTypeId::Geometry => "GEOMETRY",
        LogicalTypeId::Variant => "VARIANT",
        LogicalTypeId::SqlNull => "NULL",
        _ => "UNKNOWN",
    }
}
