//! The difference of two texts as `diff -u` writes it.

use std::fmt::Write as _;

/// Lines that are shown around a change.
const AROUND: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Both,
    Old,
    New,
}

/// Empty if both are the same.
pub(super) fn unified_diff(path: &str, old: &str, new: &str) -> String {
    let before: Vec<&str> = old.split_inclusive('\n').collect();
    let after: Vec<&str> = new.split_inclusive('\n').collect();
    let lines = compare(&before, &after);
    let changes: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].0 != Line::Both).collect();
    if changes.is_empty() {
        return String::new();
    }
    let mut text = format!("--- a/{path}\n+++ b/{path}\n");
    let mut at = 0;
    while at < changes.len() {
        let first = at;
        while at + 1 < changes.len() && changes[at + 1] - changes[at] <= 2 * AROUND {
            at += 1;
        }
        let hunk = &lines[changes[first].saturating_sub(AROUND)..(changes[at] + AROUND + 1).min(lines.len())];
        at += 1;
        let start = |one: usize, count: usize| if count == 0 { one } else { one + 1 };
        let (old_count, new_count) = (
            hunk.iter().filter(|line| line.0 != Line::New).count(),
            hunk.iter().filter(|line| line.0 != Line::Old).count(),
        );
        let (old_start, new_start) = (start(hunk[0].1, old_count), start(hunk[0].2, new_count));
        let _ = writeln!(text, "@@ -{old_start},{old_count} +{new_start},{new_count} @@");
        for (kind, old_at, new_at) in hunk {
            let (sign, line) = match kind {
                Line::Both => (' ', before[*old_at]),
                Line::Old => ('-', before[*old_at]),
                Line::New => ('+', after[*new_at]),
            };
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// Each line of either text in order, with the number of the line that comes next in both: by the longest common subsequence.
fn compare(before: &[&str], after: &[&str]) -> Vec<(Line, usize, usize)> {
    let prefix = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let rest = before[prefix..].iter().rev().zip(after[prefix..].iter().rev());
    let suffix = rest.take_while(|(old, new)| old == new).count();
    let (old, new) = (&before[prefix..before.len() - suffix], &after[prefix..after.len() - suffix]);
    // The lengths of common subsequences of what follows each pair of lines.
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let mut lines: Vec<(Line, usize, usize)> = (0..prefix).map(|at| (Line::Both, at, at)).collect();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let place = (prefix + i, prefix + j);
        let kind = if i < old.len() && j < new.len() && old[i] == new[j] {
            Line::Both
        } else if j >= new.len() || i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            Line::Old
        } else {
            Line::New
        };
        i += usize::from(kind != Line::New);
        j += usize::from(kind != Line::Old);
        lines.push((kind, place.0, place.1));
    }
    lines.extend((0..suffix).map(|at| (Line::Both, before.len() - suffix + at, after.len() - suffix + at)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_lines_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\n";
        let new = "a\nb\nc\nD\ne\nf\ng\nh";
        assert_eq!(
            unified_diff("x.sql", old, new),
            "--- a/x.sql\n+++ b/x.sql\n@@ -1,7 +1,8 @@\n a\n b\n c\n-d\n+D\n e\n f\n g\n+h\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn the_same_text_has_no_difference() {
        assert_eq!(unified_diff("x.sql", "a\n", "a\n"), "");
    }

    #[test]
    fn an_empty_text_starts_at_line_zero() {
        assert_eq!(unified_diff("x", "", "a\n"), "--- a/x\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n");
    }
}
