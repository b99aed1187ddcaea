//! One value of a result.
//!
//! [`Cell`] is what the rest of the program sees of a warehouse's types: few kinds, exact where the warehouse is exact (decimals,
//! dates and times are text in ISO form, never floats).

use std::fmt;

/// A value of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// SQL null.
    Null,
    /// Boolean.
    Bool(bool),
    /// Whole number.
    Int(i128),
    /// Floating point.
    Float(f64),
    /// Exact decimal, as text.
    Decimal(String),
    /// Text.
    Text(String),
    /// A date (`2024-01-31`).
    Date(String),
    /// A time of day.
    Time(String),
    /// A timestamp without zone (`2024-01-31 10:00:00.5`).
    Timestamp(String),
    /// A timestamp with zone, in UTC with offset.
    TimestampTz(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Cell>),
    /// A struct or map.
    Struct(Vec<(String, Cell)>),
    /// Anything else, as the warehouse prints it.
    Other(String),
}

impl Cell {
    /// Whether it is SQL null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The whole number that it is, also if it is a decimal without fraction.
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i128::from(*value)),
            Self::Float(value) if value.fract() == 0.0 => Some(*value as i128),
            Self::Decimal(text) => text.parse().ok().or_else(|| {
                let (whole, fraction) = text.split_once('.')?;
                fraction.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
            }),
            _ => None,
        }
    }

    /// The text behind it, if it is one of the kinds that are kept as text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Decimal(text)
            | Self::Text(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::Timestamp(text)
            | Self::TimestampTz(text)
            | Self::Other(text) => Some(text),
            _ => None,
        }
    }
}

/// As a person reads it in a table; null is empty.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Bytes(bytes) => {
                f.write_str("\\x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::List(items) => {
                f.write_str("[")?;
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Self::Struct(fields) => {
                f.write_str("{")?;
                for (position, (name, value)) in fields.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{name}: {value}")?;
                }
                f.write_str("}")
            }
            other => f.write_str(other.as_text().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn decimals_without_fraction_are_whole_numbers() {
        assert_eq!(Cell::Decimal("12.00".to_owned()).as_int(), Some(12));
        assert_eq!(Cell::Decimal("12.50".to_owned()).as_int(), None);
        assert_eq!(Cell::Float(3.0).as_int(), Some(3));
    }

    #[test]
    fn nested_values_read_well() {
        let cell = Cell::Struct(vec![("a".to_owned(), Cell::List(vec![Cell::Int(1), Cell::Null, Cell::Float(2.0)]))]);
        assert_eq!(cell.to_string(), "{a: [1, , 2.0]}");
    }
}
