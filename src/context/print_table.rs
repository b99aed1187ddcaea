//! Tables as text, with the layout of Python's agate library.

/// A table between bars: `| a | b |`, a rule of dashes under the head, cells padded to the right.
pub(super) fn bordered<const N: usize>(head: &[&str; N], rows: &[[&str; N]]) -> String {
    let width = |index: usize| {
        rows.iter().map(|row| row[index].chars().count()).chain([head[index].chars().count()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: &[&str; N]| {
        let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = vec![line(head), format!("| {} |", rule.join(" | "))];
    out.extend(rows.iter().map(line));
    out.join("\n")
}

/// The same for any number of columns, some of which stand on the right.
pub(super) fn agate(head: &[String], rows: &[Vec<String>], on_the_right: &[bool]) -> String {
    let width = |index: usize| {
        rows.iter()
            .filter_map(|row| row.get(index))
            .map(|cell| cell.chars().count())
            .chain([head[index].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(index, cell)| {
                let width = widths.get(index).copied().unwrap_or(0);
                if on_the_right.get(index).copied().unwrap_or(false) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            })
            .collect();
        format!("| {} |", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = vec![line(head), format!("| {} |", rule.join(" | "))];
    out.extend(rows.iter().map(|row| line(row)));
    out.join("\n")
}
