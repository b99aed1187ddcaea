//! How the rows that a unit test got differ from those that it expects, as a small table.

use std::collections::BTreeMap;

use crate::adapters::{Cell, Table};

/// A row as text.
type Row = Vec<String>;

/// What is shown if actual and expected rows differ, in any order; none if they do not. The table has a column
/// `actual_or_expected` that tells them apart.
pub(super) fn row_difference(table: &Table) -> Option<String> {
    let side = table.column_index("actual_or_expected")?;
    let columns: Vec<usize> = (0..table.columns().len()).filter(|column| *column != side).collect();
    let names: Row = columns.iter().map(|column| table.columns()[*column].0.to_lowercase()).collect();
    let rows_of = |wanted: &str| -> Vec<Row> {
        (0..table.len())
            .filter(|row| matches!(table.cell(*row, side), Cell::Text(text) if text == wanted))
            .map(|row| columns.iter().map(|column| text(&table.cell(row, *column))).collect())
            .collect()
    };
    let (mut actual, mut expected) = (rows_of("actual"), rows_of("expected"));
    let same = take_common(&mut actual, &mut expected);
    if actual.is_empty() && expected.is_empty() {
        return None;
    }
    let mut lines: Vec<(String, Row)> = Vec::new();
    lines.extend(same.into_iter().map(|row| (String::new(), row)));
    for row in expected {
        match most_similar(&row, &actual) {
            Some(at) => lines.push(("→".to_owned(), changed(&row, &actual.remove(at)))),
            None => lines.push(("---".to_owned(), row)),
        }
    }
    lines.extend(actual.into_iter().map(|row| ("+++".to_owned(), row)));
    lines.sort_by(|a, b| a.1.cmp(&b.1));
    Some(format!("\n\nactual differs from expected:\n\n{}\n", write(&names, &lines)))
}

/// Takes out the rows that both have, as often as both have them.
fn take_common(actual: &mut Vec<Row>, expected: &mut Vec<Row>) -> Vec<Row> {
    let mut counts: BTreeMap<Row, usize> = BTreeMap::new();
    for row in expected.iter() {
        *counts.entry(row.clone()).or_default() += 1;
    }
    let mut common = Vec::new();
    actual.retain(|row| match counts.get_mut(row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            common.push(row.clone());
            false
        }
        _ => true,
    });
    for row in &common {
        if let Some(at) = expected.iter().position(|other| other == row) {
            expected.remove(at);
        }
    }
    common
}

/// The row that is the same in at least half of the cells, where there is one.
fn most_similar(row: &Row, others: &[Row]) -> Option<usize> {
    let equal = |other: &Row| row.iter().zip(other).filter(|(a, b)| a == b).count();
    let (at, best) = others.iter().map(equal).enumerate().max_by_key(|(at, count)| (*count, std::cmp::Reverse(*at)))?;
    (best * 2 >= row.len() && best > 0).then_some(at)
}

fn changed(expected: &Row, actual: &Row) -> Row {
    let cells = expected.iter().zip(actual);
    cells.map(|(old, new)| if old == new { old.clone() } else { format!("{old}→{new}") }).collect()
}

fn write(names: &Row, lines: &[(String, Row)]) -> String {
    let whole = std::iter::once(("@@".to_owned(), names.clone())).chain(lines.iter().cloned());
    let whole: Vec<Row> = whole.map(|(mark, row)| std::iter::once(mark).chain(row).collect()).collect();
    let widths: Vec<usize> = (0..=names.len())
        .map(|column| whole.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let write_row = |row: &Row| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        cells.join(",").trim_end().to_owned()
    };
    whole.iter().map(write_row).collect::<Vec<_>>().join("\n")
}

/// A cell as people write it in a unit test.
pub(super) fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".into(),
        Cell::Bool(true) => "True".into(),
        Cell::Bool(false) => "False".into(),
        Cell::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.1}"),
        Cell::Decimal(text) => match text.split_once('.') {
            Some((whole, rest)) if rest.trim_end_matches('0').is_empty() => format!("{whole}.0"),
            Some((whole, rest)) => format!("{whole}.{}", rest.trim_end_matches('0')),
            None => text.clone(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, i128, &str)]) -> Table {
        let column = |name: &str| (name.to_owned(), "VARCHAR".to_owned());
        let rows = rows
            .iter()
            .map(|(side, id, name)| vec![Cell::Text((*side).into()), Cell::Int(*id), Cell::Text((*name).into())])
            .collect();
        Table::new(vec![column("actual_or_expected"), column("ID"), column("name")], rows)
    }

    #[test]
    fn rows_in_another_order_are_the_same() {
        let same = [("actual", 1, "a"), ("actual", 2, "b"), ("expected", 2, "b"), ("expected", 1, "a")];
        assert_eq!(row_difference(&table(&same)), None);
    }

    #[test]
    fn changed_missing_and_new_rows_are_marked() {
        let rows = [("actual", 1, "a"), ("actual", 3, "c"), ("expected", 1, "x"), ("expected", 7, "y")];
        let shown = row_difference(&table(&rows)).expect("they differ");
        assert!(shown.contains("→  ,1 ,x→a"), "{shown}");
        assert!(shown.contains("+++,3 ,c"), "{shown}");
        assert!(shown.contains("---,7 ,y"), "{shown}");
    }
}
