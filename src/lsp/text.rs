//! Places in texts as editors count them: lines from 0, columns in units of UTF-16.

use std::ops::Range;

use lsp_types::Position;

/// The byte that a position means; one past the end of a line is its end.
pub(super) fn offset(text: &str, position: Position) -> usize {
    let start = match position.line {
        0 => 0,
        line => text.match_indices('\n').nth(line as usize - 1).map_or(text.len(), |(at, _)| at + 1),
    };
    let line = text[start..].split('\n').next().unwrap_or_default();
    let mut units = 0;
    for (at, character) in line.char_indices() {
        if units >= position.character {
            return start + at;
        }
        units += character.len_utf16() as u32;
    }
    start + line.len()
}

/// The position of a byte; past the end it is the end.
pub(super) fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
    Position { line, character: before[start..].encode_utf16().count() as u32 }
}

/// A range of bytes as editors count.
pub(super) fn range(text: &str, bytes: &Range<usize>) -> lsp_types::Range {
    lsp_types::Range { start: position(text, bytes.start), end: position(text, bytes.end) }
}

/// Whether a character belongs to a name.
pub(super) fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The name around a byte; empty if there is none.
pub(super) fn name_at(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset]
        .rfind(|c| !is_of_name(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[offset..].find(|c| !is_of_name(c)).map_or(text.len(), |at| offset + at);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_units_of_utf16() {
        let text = "a\n😀é = x\n";
        let x = text.find('x').expect("it is there");
        assert_eq!(position(text, x), Position { line: 1, character: 6 });
        assert_eq!(offset(text, Position { line: 1, character: 6 }), x);
        assert_eq!(offset(text, Position { line: 1, character: 99 }), text.len() - 1);
        assert_eq!(offset(text, Position { line: 9, character: 0 }), text.len());
    }

    #[test]
    fn a_name_is_found_from_within_and_from_its_ends() {
        let text = "from (stg_orders)";
        for at in [6, 9, 16] {
            assert_eq!(&text[name_at(text, at)], "stg_orders");
        }
        assert_eq!(name_at("a  b", 2), 2..2);
    }
}
