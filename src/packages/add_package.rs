//! `--add-package`: writes an entry into the project's package file. What is written there stays, comments too; entries for the
//! same package are taken out.
//!
//! Main type: [`NewPackage`].

use serde_json::{Map, Value};

use super::yaml_text::scalar;
use crate::yaml::Node;

/// Where a new package comes from: `--source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageSource {
    /// The package hub.
    Hub,
    /// A git repository.
    Git,
    /// A folder.
    Local,
}

/// `--add-package NAME@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPackage {
    /// A hub's name, a URL or a path.
    pub name: String,
    /// A version, several limits with commas, or a revision.
    pub version: Option<String>,
    /// Where it comes from.
    pub source: PackageSource,
}

impl NewPackage {
    /// Reads `name@version`. Like dbt, a text with several `@` is a name: the URL of a git repository may have one.
    pub fn parse(text: &str, source: PackageSource) -> Self {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) if !version.contains('@') => (name, Some(version.to_owned())),
            // git@host:org/repo.git@v1
            Some(_) if source == PackageSource::Git && text.matches('@').count() == 2 => match text.rsplit_once('@') {
                Some((name, version)) => (name, Some(version.to_owned())),
                None => (text, None),
            },
            _ => (text, None),
        };
        Self { name: name.to_owned(), version: version.filter(|version| !version.is_empty()), source }
    }

    fn entry(&self) -> Map<String, Value> {
        let (kind, version_key) = match self.source {
            PackageSource::Hub => ("package", "version"),
            PackageSource::Git => ("git", "revision"),
            PackageSource::Local => ("local", "version"),
        };
        let mut entry = Map::new();
        entry.insert(kind.into(), Value::from(self.name.as_str()));
        if let Some(version) = self.version.as_ref().filter(|_| self.source != PackageSource::Local) {
            let limits: Vec<&str> = version.split(',').map(str::trim).collect();
            let value = if limits.len() > 1 { Value::from(limits) } else { Value::from(version.as_str()) };
            entry.insert(version_key.into(), value);
        }
        entry
    }

    /// Names under which the package may be listed already.
    fn variants(&self) -> Vec<String> {
        let short = self.name.rsplit('/').next().unwrap_or(&self.name);
        let names = [self.name.as_str(), short];
        names.iter().flat_map(|name| [(*name).to_owned(), name.replace('_', "-"), name.replace('-', "_")]).collect()
    }

    /// Whether an entry is for the same package, from whatever source: a variant of the name stands in its location, between
    /// slashes or dots. Only its first place counts, as in dbt.
    fn is_same(&self, entry: &Node) -> bool {
        let location =
            ["package", "git", "local", "tarball", "private"].iter().find_map(|kind| entry.get(kind)?.as_str());
        let Some(location) = location else { return false };
        let is_edge = |c: Option<char>| c.is_none_or(|c| c == '/' || c == '.');
        self.variants().iter().filter(|name| !name.is_empty()).any(|name| {
            location.find(name.as_str()).is_some_and(|at| {
                is_edge(location[..at].chars().next_back()) && is_edge(location[at + name.len()..].chars().next())
            })
        })
    }
}

/// What became of a package file.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) text: String,
    /// Entries that were taken out.
    pub(super) removed: Vec<Map<String, Value>>,
}

/// Adds the package to the text of a package file, whose tree is `root`.
pub(super) fn add(text: &str, root: &Node, package: &NewPackage) -> Edited {
    let list = root.get("packages");
    let items = list.and_then(Node::as_seq).unwrap_or_default();
    let (same, kept): (Vec<&Node>, Vec<&Node>) = items.iter().partition(|item| package.is_same(item));
    let removed = same.iter().map(|item| shown(item)).collect();
    let edited = edit_lines(text, items, &same, package).unwrap_or_else(|| {
        let mut block: String = kept
            .iter()
            .filter_map(|item| item.as_map())
            .map(|map| {
                let pairs = map.iter().map(|(key, value)| (key.scalar_text().unwrap_or_default(), value.to_json()));
                lines(&pairs.collect(), "  ")
            })
            .collect();
        block += &lines(&package.entry(), "  ");
        replace_list(text, root, &block)
    });
    Edited { text: edited, removed }
}

/// The texts and numbers of an entry.
fn shown(entry: &Node) -> Map<String, Value> {
    let pairs = entry.as_map().into_iter().flat_map(crate::yaml::Mapping::iter);
    pairs
        .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.to_json())))
        .filter(|(_, value)| value.is_string() || value.is_number())
        .collect()
}

/// An entry as the lines of a list whose dashes are indented so.
fn lines(entry: &Map<String, Value>, indent: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for (at, (key, value)) in entry.iter().enumerate() {
        let start = format!("{indent}{} {key}:", if at == 0 { '-' } else { ' ' });
        match value {
            Value::Array(items) => {
                out.push(start);
                out.extend(items.iter().map(|item| format!("{indent}    - {}", value_text(item))));
            }
            value => out.push(format!("{start} {}", value_text(value))),
        }
    }
    out.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text, 0, 0).replace('\n', " "),
        other => other.to_string(),
    }
}

/// Edits a list that is written with dashes, one entry after the other; nothing if it is written otherwise.
fn edit_lines(text: &str, items: &[Node], same: &[&Node], package: &NewPackage) -> Option<String> {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
    let mut indent = None;
    let mut ranges = Vec::new();
    for item in items {
        let start = item.span.start as usize;
        let before = &text[line_start(start)..start];
        if before.trim() != "-" {
            return None;
        }
        indent = Some(before.split('-').next().unwrap_or_default().to_owned());
        let end = start + text.get(start..item.span.end as usize)?.trim_end().len();
        ranges.push((line_start(start), line_end(end), same.iter().any(|same| std::ptr::eq(*same, item))));
    }
    let (_, last, _) = *ranges.last()?;
    let mut out = String::new();
    let mut at = 0;
    for (start, end, is_same) in ranges {
        out += text.get(at..start)?;
        if !is_same {
            out += &text[start..end];
        }
        at = end;
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    Some(out + &lines(&package.entry(), &indent?) + &text[last..])
}

/// Puts a block in the place of the list, or at the end where there is none.
fn replace_list(text: &str, root: &Node, block: &str) -> String {
    let entry = root.as_map().and_then(|map| map.entry("packages"));
    let Some((key, value)) = entry else {
        let mut out = text.to_owned();
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        // Flow style `{}` holds nothing that could be kept.
        let out = if root.as_map().is_some_and(crate::yaml::Mapping::is_empty) && out.trim() == "{}" {
            String::new()
        } else {
            out
        };
        return format!("{out}packages:\n{block}");
    };
    let after_key = key.span.end as usize + text[key.span.end as usize..].find(':').map_or(0, |colon| colon + 1);
    let end = (value.span.end as usize).max(after_key);
    let rest = &text[end.min(text.len())..];
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    format!("{}\n{block}{rest}", &text[..after_key])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::SourceMap;

    fn after(text: &str, package: &str, source: PackageSource) -> String {
        let root = crate::yaml::parse(SourceMap::new().add("packages.yml", text), text).unwrap();
        add(text, &root, &NewPackage::parse(package, source)).text
    }

    #[test]
    fn entries_are_added_and_the_rest_stays() {
        let hub = |text: &str| after(text, "dbt-labs/dbt_utils@1.0.0", PackageSource::Hub);
        let entry = "package: dbt-labs/dbt_utils\n    version: 1.0.0\n";
        assert_eq!(hub("packages: []\n"), format!("packages:\n  - {entry}"));
        assert_eq!(hub("packages:\n"), format!("packages:\n  - {entry}"));
        assert_eq!(hub(""), format!("packages:\n  - {entry}"));
        assert_eq!(
            hub("# ours\npackages: # all\n  - local: ../a # one\n\n# end\nprojects: []\n"),
            format!("# ours\npackages: # all\n  - local: ../a # one\n  - {entry}\n# end\nprojects: []\n")
        );
        assert_eq!(
            hub("packages:\n- package: org/other\n  version: 1.0.0"),
            "packages:\n- package: org/other\n  version: 1.0.0\n- package: dbt-labs/dbt_utils\n  version: 1.0.0\n"
        );
        assert_eq!(hub("packages: [{local: ../a}]\n"), format!("packages:\n  - local: ../a\n  - {entry}"));
    }

    #[test]
    fn entries_for_the_same_package_are_replaced() {
        let text = "packages:\n  - git: https://github.com/dbt-labs/dbt-utils.git\n    revision: 0.9.0\n    warn-unpinned: false\n  - local: ../dbt_utils_more # mine\n";
        assert_eq!(
            after(text, "dbt-labs/dbt_utils@>=1.0.0,<2.0.0", PackageSource::Hub),
            "packages:\n  - local: ../dbt_utils_more # mine\n  - package: dbt-labs/dbt_utils\n    version:\n      - '>=1.0.0'\n      - <2.0.0\n"
        );
    }

    #[test]
    fn names_and_versions_are_told_apart() {
        let git = |text: &str| NewPackage::parse(text, PackageSource::Git);
        assert_eq!(git("https://h/x.git@v1").version.as_deref(), Some("v1"));
        assert_eq!(git("git@h:x.git@v1").name, "git@h:x.git");
        assert_eq!(NewPackage::parse("../a", PackageSource::Local).version, None);
        assert_eq!(after("", "../a", PackageSource::Local), "packages:\n  - local: ../a\n");
        assert_eq!(
            after("", "https://h/x.git@1.0", PackageSource::Git),
            "packages:\n  - git: https://h/x.git\n    revision: '1.0'\n"
        );
    }
}
