//! A table as text: `print_table` and CSV.

use std::sync::Arc;

use minijinja::{Error, Value};

use super::TableValue;
use super::row::as_row;
use crate::adapters::{SeedType, Table};
use crate::context::arguments::bind;
use crate::context::print_table;
use crate::jinja::{number_of, to_text};

/// How much of a table is drawn.
#[derive(Debug, Clone, Copy)]
pub struct TableLimits {
    /// At most so many rows; a last row of ellipses stands for the others.
    pub rows: usize,
    /// At most so many columns, likewise.
    pub columns: usize,
    /// Characters of a cell or of a name; what is longer ends with an ellipsis.
    pub width: usize,
    /// Digits behind the point of a number.
    pub precision: usize,
}

impl Default for TableLimits {
    /// Those of agate's `print_table`.
    fn default() -> Self {
        Self { rows: 20, columns: 6, width: 20, precision: 3 }
    }
}

/// A query's result as text, drawn as agate's `print_table` does.
pub fn drawn_table(table: Arc<Table>, limits: TableLimits) -> String {
    TableValue::new(table).drawn(limits)
}

impl TableValue {
    /// The table as text, as `print_table` shows it.
    pub(super) fn printed(&self, args: &[Value]) -> Result<String, Error> {
        let names =
            ["max_rows", "max_columns", "output", "max_precision", "max_column_width", "locale", "max_header_width"];
        let [max_rows, max_columns, _output, precision, max_width, ..] = bind("print_table", names, args)?;
        let limit = |value: Option<Value>, default: usize| match value {
            Some(value) if value.is_none() => usize::MAX,
            Some(value) => value.as_usize().unwrap_or(default),
            None => default,
        };
        let usual = TableLimits::default();
        Ok(self.drawn(TableLimits {
            rows: limit(max_rows, usual.rows),
            columns: limit(max_columns, usual.columns),
            width: limit(max_width, usual.width),
            precision: limit(precision, usual.precision),
        }))
    }

    fn drawn(&self, limits: TableLimits) -> String {
        let shorten = |text: String| {
            if text.chars().count() > limits.width {
                let kept: String = text.chars().take(limits.width.saturating_sub(3)).collect();
                format!("{kept}...")
            } else {
                text
            }
        };
        let shown = self.names.len().min(limits.columns);
        let more_columns = self.names.len() > shown;
        let mut head: Vec<String> = self.names[..shown].iter().map(|name| shorten(name.clone())).collect();
        // All but text stands on the right; numbers of a column have equally many decimal places.
        let kinds = self.kinds();
        let on_the_right: Vec<bool> = kinds.iter().map(|kind| *kind != SeedType::Text).collect();
        let places: Vec<Option<usize>> = kinds[..shown]
            .iter()
            .enumerate()
            .map(|(index, kind)| (*kind == SeedType::Number).then(|| self.decimal_places(index, limits.rows)))
            .collect();
        let cell = |(index, value): (usize, &Value)| match places[index] {
            Some(places) if !value.is_none() => grouped_number(value, places, limits.precision),
            _ => shown_text(value),
        };
        let mut rows: Vec<Vec<String>> = self
            .rows()
            .iter()
            .take(limits.rows)
            .filter_map(as_row)
            .map(|row| row.values[..shown].iter().enumerate().map(cell).map(shorten).collect())
            .collect();
        if more_columns {
            head.push("...".into());
            for row in &mut rows {
                row.push("...".into());
            }
        }
        if self.len() > limits.rows {
            rows.push(vec!["...".into(); head.len()]);
        }
        print_table::agate(&head, &rows, &on_the_right)
    }

    /// The most decimal places that a number of a column needs.
    fn decimal_places(&self, index: usize, max_rows: usize) -> usize {
        let places = |value: &Value| to_text(value).split_once('.').map_or(0, |(_, f)| f.trim_end_matches('0').len());
        self.rows().iter().take(max_rows).filter_map(as_row).map(|row| places(&row.values[index])).max().unwrap_or(0)
    }

    pub(super) fn csv(&self) -> String {
        let field = |text: String| {
            if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        };
        let mut lines = vec![self.names.iter().cloned().map(field).collect::<Vec<_>>().join(",")];
        for row in self.rows().iter().filter_map(as_row) {
            let cells = row.values.iter().map(|value| if value.is_none() { String::new() } else { to_text(value) });
            lines.push(cells.map(field).collect::<Vec<_>>().join(","));
        }
        lines.join("\n")
    }
}

/// A cell as `print_table` shows it: an empty text for null.
fn shown_text(value: &Value) -> String {
    if value.is_none() { String::new() } else { to_text(value) }
}

/// A number with commas between thousands; places that are cut off are told by an ellipsis.
fn grouped_number(value: &Value, places: usize, most: usize) -> String {
    let Some(number) = number_of(value) else { return to_text(value) };
    let fixed = format!("{:.*}", places.min(most), number.abs());
    let (whole, fraction) = fixed.split_once('.').unwrap_or((&fixed, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let cut = if places > most { "…" } else { "" };
    format!("{sign}{grouped}{point}{fraction}{cut}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_with_equal_places() {
        assert_eq!(grouped_number(&Value::from(1_234_567.5), 2, 3), "1,234,567.50");
        assert_eq!(grouped_number(&Value::from(-0.12345), 5, 3), "-0.123…");
    }
}
