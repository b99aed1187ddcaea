//! Arrow values as [`Cell`]s.
//!
//! Reads one value of one array; knows Arrow's types and nothing of warehouses. Types that have no cell of their own are printed.

use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, LargeListArray, ListArray, MapArray, StructArray,
};
use duckdb::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Cell;

/// The widest decimal without scale: how whole numbers of 128 bits travel in Arrow.
const WIDE_INTEGER: DataType = DataType::Decimal128(38, 0);

/// The value at `row` of `array`.
pub(super) fn read(array: &dyn Array, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Null;
    }
    match array.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Cell::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Cell::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Cell::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Int(array.as_primitive::<Int64Type>().value(row).into()),
        DataType::UInt8 => Cell::Int(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Cell::Int(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Cell::Int(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => Cell::Int(array.as_primitive::<UInt64Type>().value(row).into()),
        DataType::Float16 => Cell::Float(array.as_primitive::<Float16Type>().value(row).into()),
        // The very number, as Python has it: 0.1 as a 32-bit number is 0.10000000149011612.
        DataType::Float32 => Cell::Float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) if array.data_type() == &WIDE_INTEGER => {
            Cell::Int(array.as_primitive::<Decimal128Type>().value(row))
        }
        DataType::Decimal128(_, scale) => {
            Cell::Decimal(decimal(&array.as_primitive::<Decimal128Type>().value(row).to_string(), *scale))
        }
        DataType::Decimal256(_, scale) => {
            Cell::Decimal(decimal(&array.as_primitive::<Decimal256Type>().value(row).to_string(), *scale))
        }
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Cell::Text(array.as_string_view().value(row).to_owned()),
        DataType::Binary => Cell::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        DataType::LargeBinary => Cell::Bytes(array.as_binary::<i64>().value(row).to_vec()),
        DataType::BinaryView => Cell::Bytes(array.as_binary_view().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => Cell::Bytes(array.as_fixed_size_binary().value(row).to_vec()),
        DataType::Date32 => Cell::Date(date(i64::from(array.as_primitive::<Date32Type>().value(row)))),
        DataType::Time32(_) | DataType::Time64(_) => Cell::Time(time_of_day(nanoseconds(array, row))),
        DataType::Timestamp(unit, zone) => timestamp(array, row, *unit, zone.is_some()),
        DataType::List(_) => Cell::List(list_items(array.as_list(), row)),
        DataType::LargeList(_) => Cell::List(large_list_items(array.as_list(), row)),
        DataType::FixedSizeList(..) => Cell::List(fixed_list_items(array.as_fixed_size_list(), row)),
        DataType::Struct(_) => Cell::Struct(struct_fields(array.as_struct(), row)),
        DataType::Map(..) => Cell::Struct(map_entries(array.as_map(), row)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            read(dictionary.values(), dictionary.normalized_keys()[row])
        }
        _ => Cell::Other(printed(array, row)),
    }
}

fn printed(array: &dyn Array, row: usize) -> String {
    ArrayFormatter::try_new(array, &FormatOptions::default())
        .map_or_else(|error| error.to_string(), |formatter| formatter.value(row).to_string())
}

fn items(values: &ArrayRef) -> Vec<Cell> {
    (0..values.len()).map(|at| read(values, at)).collect()
}

fn list_items(list: &ListArray, row: usize) -> Vec<Cell> {
    items(&list.value(row))
}

fn large_list_items(list: &LargeListArray, row: usize) -> Vec<Cell> {
    items(&list.value(row))
}

fn fixed_list_items(list: &FixedSizeListArray, row: usize) -> Vec<Cell> {
    items(&list.value(row))
}

fn struct_fields(array: &StructArray, row: usize) -> Vec<(String, Cell)> {
    array
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .zip(array.columns().iter().map(|column| read(column, row)))
        .collect()
}

fn map_entries(array: &MapArray, row: usize) -> Vec<(String, Cell)> {
    let entries = array.value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    (0..entries.len()).map(|at| (read(keys, at).to_string(), read(values, at))).collect()
}

/// Puts the point into the digits of a decimal.
fn decimal(unscaled: &str, scale: i8) -> String {
    let (sign, digits) = unscaled.strip_prefix('-').map_or(("", unscaled), |digits| ("-", digits));
    if scale <= 0 {
        let zeros = if digits == "0" { 0 } else { usize::from(scale.unsigned_abs()) };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    }
    let scale = usize::from(scale.unsigned_abs());
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A date by its days since 1970-01-01, in the proleptic Gregorian calendar; DuckDB's infinities by name.
fn date(days: i64) -> String {
    if days == i64::from(i32::MAX) {
        return "infinity".to_owned();
    }
    if days == -i64::from(i32::MAX) {
        return "-infinity".to_owned();
    }
    let (year, month, day) = civil(days);
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{:04}-{month:02}-{day:02} (BC)", 1 - year)
    }
}

/// Year, month and day of a day number, counted in eras of 400 years that begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// `10:00:00.5` for nanoseconds since midnight.
fn time_of_day(nanoseconds: i64) -> String {
    let seconds = nanoseconds / 1_000_000_000;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = nanoseconds % 1_000_000_000;
    if fraction != 0 {
        text.push('.');
        text.push_str(format!("{fraction:09}").trim_end_matches('0'));
    }
    text
}

fn nanoseconds(array: &dyn Array, row: usize) -> i64 {
    match array.data_type() {
        DataType::Time32(TimeUnit::Second) => {
            i64::from(array.as_primitive::<Time32SecondType>().value(row)) * 1_000_000_000
        }
        DataType::Time32(_) => i64::from(array.as_primitive::<Time32MillisecondType>().value(row)) * 1_000_000,
        DataType::Time64(TimeUnit::Microsecond) => array.as_primitive::<Time64MicrosecondType>().value(row) * 1_000,
        _ => array.as_primitive::<Time64NanosecondType>().value(row),
    }
}

fn timestamp(array: &dyn Array, row: usize, unit: TimeUnit, zoned: bool) -> Cell {
    let (value, per_second) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 1_000),
        TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 1_000_000),
        TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().value(row), 1_000_000_000),
    };
    let text = match value {
        i64::MAX => "infinity".to_owned(),
        _ if value == -i64::MAX => "-infinity".to_owned(),
        _ => {
            let per_day = 86_400 * per_second;
            let of_day = value.rem_euclid(per_day) * (1_000_000_000 / per_second);
            let zone = if zoned { "+00" } else { "" };
            format!("{} {}{zone}", date(value.div_euclid(per_day)), time_of_day(of_day))
        }
    };
    if zoned { Cell::TimestampTz(text) } else { Cell::Timestamp(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(19_782), "2024-02-29");
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(date(-719_163), "0001-12-31 (BC)");
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(decimal("-5", 2), "-0.05");
        assert_eq!(decimal("12345", 2), "123.45");
        assert_eq!(decimal("12", -2), "1200");
        assert_eq!(decimal("0", 3), "0.000");
    }
}
