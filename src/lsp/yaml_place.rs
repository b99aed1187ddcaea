//! [`YamlPlace`]: what a place in a property file is about, by the lines before it, so that half-written YAML is understood.

/// The keys around a place, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct YamlPlace {
    /// `models`, `columns`, `name`: the last one is the key that the place is the value of, or in the list of.
    pub(super) keys: Vec<String>,
    /// The `name` of each item around it that has one above the place: of a model, then of its column.
    pub(super) names: Vec<String>,
}

/// What is open at a line: a key, or an item of a list with its name.
enum Open {
    Key(usize, String),
    Item(usize, Option<String>),
}

impl Open {
    fn indent(&self) -> usize {
        match self {
            Self::Key(indent, _) | Self::Item(indent, _) => *indent,
        }
    }
}

impl YamlPlace {
    /// The place at a byte of a text.
    pub(super) fn at(text: &str, offset: usize) -> Self {
        let mut open: Vec<Open> = Vec::new();
        let before = &text[..offset];
        let last = before.rfind('\n').map_or(0, |at| at + 1);
        for (line, is_last) in before[..last].lines().map(|line| (line, false)).chain([(&before[last..], true)]) {
            read(line, is_last, &mut open);
        }
        let mut place = Self::default();
        for one in open {
            match one {
                Open::Key(_, key) => place.keys.push(key),
                Open::Item(_, name) => place.names.extend(name),
            }
        }
        place
    }

    /// The keys as words.
    pub(super) fn path(&self) -> Vec<&str> {
        self.keys.iter().map(String::as_str).collect()
    }
}

/// Reads a line; of the one that the place is in, an indent closes what it leaves even where nothing follows.
fn read(line: &str, is_last: bool, open: &mut Vec<Open>) {
    let mut rest = line.trim_start_matches(' ');
    if rest.starts_with('#') || rest.trim().is_empty() && !is_last {
        return;
    }
    let mut indent = line.len() - rest.len();
    while let Some(after) = rest.strip_prefix('-').filter(|after| after.is_empty() || after.starts_with(' ')) {
        // A list may begin on the level of its key.
        open.retain(|one| one.indent() < indent || one.indent() == indent && matches!(one, Open::Key(..)));
        open.push(Open::Item(indent, None));
        let content = after.trim_start_matches(' ');
        indent += rest.len() - content.len();
        rest = content;
    }
    // A mapping in braces is an item whose keys are all on its line.
    rest = rest.strip_prefix('{').map_or(rest, |within| within.rsplit(',').next().unwrap_or(within).trim_start());
    open.retain(|one| one.indent() < indent);
    let Some((key, value)) = rest.split_once(':').filter(|(_, value)| value.is_empty() || value.starts_with(' '))
    else {
        return;
    };
    let value = value.trim().trim_matches(['"', '\'']);
    if key == "name"
        && !is_last
        && let Some(Open::Item(_, name)) = open.last_mut()
    {
        *name = Some(value.to_owned());
    }
    if is_last || value.is_empty() {
        open.push(Open::Key(indent, key.trim_matches(['"', '\'']).to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys and names at `|`.
    fn at(text: &str) -> (String, String) {
        let place = YamlPlace::at(text, text.find('|').expect("a place"));
        (place.keys.join(" "), place.names.join(" "))
    }

    #[test]
    fn keys_and_names_are_those_around() {
        let text = "version: 2\nmodels:\n  - name: orders\n    description: x\n    columns:\n      - name: id\n        data_tests:\n          - |";
        assert_eq!(at(text), ("models columns data_tests".to_owned(), "orders id".to_owned()));
        let text = "models:\n- name: orders\n  columns:\n  - name: a\n  - name: |";
        assert_eq!(at(text), ("models columns name".to_owned(), "orders".to_owned()));
        assert_eq!(at("models:\n  - name: a\n\n  - name: |"), ("models name".to_owned(), String::new()));
        assert_eq!(
            at("models:\n  - name: a\nunit_tests:\n  - name: t\n    model: |"),
            ("unit_tests model".to_owned(), "t".to_owned())
        );
        assert_eq!(
            at("models:\n  - name: a\n    columns:\n      - {name: |"),
            ("models columns name".to_owned(), "a".to_owned())
        );
    }
}
