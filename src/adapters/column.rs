//! A column of a relation, with the questions that dbt's macros ask of it.
//!
//! The names of types are those of every warehouse that is supported: one warehouse's `tinyint` is not another's text, so one list
//! serves all of them.

use std::fmt;

/// A column with the warehouse's type, as dbt's `api.Column` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Name as the warehouse has it.
    pub name: String,
    /// Type as the warehouse names it: `VARCHAR`, `character varying`, `DECIMAL(10,2)`.
    pub dtype: String,
    /// Size of a text type in characters.
    pub char_size: Option<u64>,
    /// Precision of a numeric type.
    pub numeric_precision: Option<u64>,
    /// Scale of a numeric type.
    pub numeric_scale: Option<u64>,
}

/// A type description that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidType {
    /// The description.
    pub description: String,
    /// The part that is not a number, if that is the reason.
    pub part: Option<String>,
}

impl fmt::Display for InvalidType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not interpret data type \"{}\"", self.description)?;
        self.part.as_ref().map_or(Ok(()), |part| write!(f, ": could not convert \"{part}\" to an integer"))
    }
}

const STRINGS: &[&str] = &["text", "character varying", "character", "varchar"];
const FLOATS: &[&str] = &["real", "float4", "float", "double precision", "float8", "double"];
const NUMERICS: &[&str] = &["numeric", "decimal"];
const INTEGERS: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "smallserial",
    "serial",
    "bigserial",
    "int2",
    "int4",
    "int8",
    "serial2",
    "serial4",
    "serial8",
    "tinyint",
    "hugeint",
    "utinyint",
    "usmallint",
    "uinteger",
    "ubigint",
    "int1",
    "short",
    "int",
    "signed",
    "long",
];

/// The size of text that does not tell its own.
const DEFAULT_STRING_SIZE: u64 = 256;

impl Column {
    /// A column of a type that is taken as it is.
    pub fn new(name: impl Into<String>, dtype: impl Into<String>) -> Self {
        Self { name: name.into(), dtype: dtype.into(), char_size: None, numeric_precision: None, numeric_scale: None }
    }

    /// A column of a type label that dbt's documents use; only `string` is another type's name.
    pub fn create(name: impl Into<String>, label: &str) -> Self {
        Self::new(name, Self::translate_type(label))
    }

    /// The warehouse's name for a type label.
    pub fn translate_type(label: &str) -> &str {
        if label.eq_ignore_ascii_case("string") { "TEXT" } else { label }
    }

    /// A column by a type with its size: `varchar(20)`, `NUMERIC(10,2)`.
    pub fn from_description(name: impl Into<String>, description: &str) -> Result<Self, InvalidType> {
        let invalid =
            |part: Option<&str>| InvalidType { description: description.to_owned(), part: part.map(str::to_owned) };
        let (dtype, size) = match description.split_once('(') {
            Some((dtype, rest)) => (dtype, rest.split_once(')').map(|(size, _)| size).filter(|size| !size.is_empty())),
            None => (description, None),
        };
        if dtype.is_empty() {
            return Err(invalid(None));
        }
        let mut column = Self::new(name, dtype);
        let number = |part: &str| part.trim().parse::<u64>().map_err(|_| invalid(Some(part)));
        match size.map(|size| size.split(',').collect::<Vec<_>>()).as_deref() {
            Some([size]) => column.char_size = Some(number(size)?),
            Some([precision, scale]) => {
                column.numeric_precision = Some(number(precision)?);
                column.numeric_scale = Some(number(scale)?);
            }
            _ => {}
        }
        Ok(column)
    }

    /// The name in double quotes, as dbt's `quoted` writes it.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.name.replace('"', "\"\""))
    }

    /// The type as it is written in a table definition.
    pub fn data_type(&self) -> String {
        // PostgreSQL's names of text that has no size.
        let has_no_size = self.dtype == "text" || self.dtype == "character varying" && self.char_size.is_none();
        if self.is_string() && !has_no_size {
            Self::string_type(self.string_size().unwrap_or(DEFAULT_STRING_SIZE))
        } else if self.is_numeric() {
            Self::numeric_type(&self.dtype, self.numeric_precision, self.numeric_scale)
        } else {
            self.dtype.clone()
        }
    }

    /// Whether it holds text.
    pub fn is_string(&self) -> bool {
        self.is_one_of(STRINGS)
    }

    /// Whether it holds numbers of any kind.
    pub fn is_number(&self) -> bool {
        self.is_integer() || self.is_numeric() || self.is_float()
    }

    /// Whether it holds whole numbers.
    pub fn is_integer(&self) -> bool {
        self.is_one_of(INTEGERS)
    }

    /// Whether it holds floating-point numbers.
    pub fn is_float(&self) -> bool {
        self.is_one_of(FLOATS)
    }

    /// Whether its type is named `numeric` or `decimal`. A type that carries its size in its name is not, as in dbt.
    pub fn is_numeric(&self) -> bool {
        self.is_one_of(NUMERICS)
    }

    /// Whether it is a struct of other columns.
    pub fn is_struct(&self) -> bool {
        self.dtype.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("struct"))
    }

    /// The size of a text column in characters; nothing if it is not text.
    pub fn string_size(&self) -> Option<u64> {
        self.is_string().then(|| match self.char_size {
            Some(size) if self.dtype != "text" => size,
            _ => DEFAULT_STRING_SIZE,
        })
    }

    /// Whether this text column could be widened to the size of `other`.
    pub fn can_expand_to(&self, other: &Self) -> bool {
        matches!((self.string_size(), other.string_size()), (Some(own), Some(theirs)) if theirs > own)
    }

    /// A value cast to this type.
    pub fn literal(&self, value: &str) -> String {
        format!("{value}::{}", self.data_type())
    }

    /// The type of text of a size.
    pub fn string_type(size: u64) -> String {
        format!("character varying({size})")
    }

    /// A numeric type with its size, where it has one.
    pub fn numeric_type(dtype: &str, precision: Option<u64>, scale: Option<u64>) -> String {
        match (precision, scale) {
            (Some(precision), Some(scale)) => format!("{dtype}({precision},{scale})"),
            _ => dtype.to_owned(),
        }
    }

    /// The columns inside a struct, each named by its path; any other column alone.
    pub fn flatten(&self) -> Vec<Self> {
        if !self.is_struct() {
            return vec![self.clone()];
        }
        self.fields()
            .iter()
            .flat_map(Self::flatten)
            .map(|field| Self { name: format!("{}.{}", self.name, field.name), ..field })
            .collect()
    }

    /// The direct fields of a struct type: `STRUCT(a INTEGER, b DECIMAL(3,1))`.
    pub fn fields(&self) -> Vec<Self> {
        let Some((_, rest)) = self.dtype.split_once('(').filter(|_| self.is_struct()) else { return Vec::new() };
        let inner = rest.rsplit_once(')').map_or(rest, |(inner, _)| inner);
        let mut fields = Vec::new();
        let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
        for (at, character) in inner.char_indices().chain([(inner.len(), ',')]) {
            match character {
                '"' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth = depth.saturating_sub(1),
                ',' if !quoted && depth == 0 => {
                    fields.extend(field(inner[start..at].trim()));
                    start = at + 1;
                }
                _ => {}
            }
        }
        fields
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.dtype.eq_ignore_ascii_case(name))
    }
}

/// One field of a struct: a name, perhaps quoted, and a type.
fn field(text: &str) -> Option<Column> {
    if let Some(rest) = text.strip_prefix('"') {
        let (name, dtype) = rest.split_once("\" ")?;
        return Some(Column::new(name.replace("\"\"", "\""), dtype));
    }
    let (name, dtype) = text.split_once(' ')?;
    Some(Column::new(name, dtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_give_sizes() {
        let text = Column::from_description("a", "varchar(20)").unwrap();
        assert_eq!((text.dtype.as_str(), text.char_size), ("varchar", Some(20)));
        assert_eq!(text.data_type(), "character varying(20)");
        let number = Column::from_description("a", "NUMERIC(10,2)").unwrap();
        assert!(number.is_numeric() && number.is_number());
        assert_eq!(number.data_type(), "NUMERIC(10,2)");
        let error = Column::from_description("a", "varchar(x)").unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not interpret data type \"varchar(x)\": could not convert \"x\" to an integer"
        );
    }

    #[test]
    fn only_shorter_text_can_expand() {
        let short = Column::from_description("a", "varchar(20)").unwrap();
        let long = Column::from_description("a", "varchar(40)").unwrap();
        assert!(short.can_expand_to(&long));
        assert!(!long.can_expand_to(&short));
        assert!(!Column::new("n", "INTEGER").can_expand_to(&long));
    }

    #[test]
    fn text_without_size_has_the_default_one() {
        assert_eq!(Column::create("a", "string").data_type(), "character varying(256)");
        assert_eq!(Column::new("a", "text").data_type(), "text");
        assert_eq!(Column::new("a", "character varying").data_type(), "character varying");
        assert_eq!(Column::new("n", "BIGINT").data_type(), "BIGINT");
        assert_eq!(Column::new("n", "DECIMAL(10,2)").data_type(), "DECIMAL(10,2)");
    }

    #[test]
    fn structs_flatten_to_paths() {
        let column = Column::new("s", "STRUCT(a DECIMAL(3,1), b STRUCT(\"c d\" INTEGER, e VARCHAR[]))");
        let flat: Vec<_> = column.flatten().into_iter().map(|c| (c.name, c.dtype)).collect();
        let expected = [("s.a", "DECIMAL(3,1)"), ("s.b.c d", "INTEGER"), ("s.b.e", "VARCHAR[]")];
        assert_eq!(flat, expected.map(|(name, dtype)| (name.to_owned(), dtype.to_owned())));
    }
}
