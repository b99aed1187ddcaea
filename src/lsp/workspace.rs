//! [`Workspace`]: the project as it was last read, and the texts of open files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use indexmap::IndexMap;
use lsp_types::{Location, Uri};
use serde_json::{Map, Value};

use super::alias::relations_named;
use super::target::{Target, target_at};
use super::text;
use super::yaml_place::YamlPlace;
use crate::diagnostics::{SourceMap, Span};
use crate::lint::{Edit, Finding, Range, Severity};
use crate::manifest::{ColumnProperties, Doc, Macro, Manifest, Node, ResourceType, Source};

/// A problem to be shown in a file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Path below the project's root, with `/`.
    pub path: String,
    /// Where; none for the file as a whole.
    pub range: Option<Range>,
    /// How bad it is.
    pub severity: Severity,
    /// Code or rule.
    pub code: String,
    /// What it is, and what to do.
    pub message: String,
    /// What mends it, if a program can.
    pub edits: Vec<Edit>,
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        let hint = finding.hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
        Self {
            path: finding.path,
            range: finding.range,
            severity: finding.severity,
            code: finding.rule.into_owned(),
            message: finding.message + &hint,
            edits: finding.edits,
        }
    }
}

/// Columns by unique id and name, as they follow from SQL.
pub type InferredColumns = HashMap<String, IndexMap<String, ColumnProperties>>;

/// A project that was read.
pub struct Loaded {
    /// The project's folder.
    pub root: PathBuf,
    /// What it defines.
    pub manifest: Arc<Manifest>,
    /// Its texts.
    pub sources: Arc<SourceMap>,
    /// Variables that `dbt_project.yml` sets.
    pub vars: Map<String, Value>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Columns of what open files define and read, also those that nobody describes.
    pub columns: InferredColumns,
    /// Mends SQL, where the project could be read so far.
    pub mend: Option<Mend>,
}

/// What of a file is to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mending {
    /// All that can be.
    All,
    /// Only layout and capitalization.
    Layout,
    /// What one rule finds.
    Rule(String),
}

/// The text of a file after mending, if it is another: of a path and the text as it is now.
pub type Mend = Arc<dyn Fn(&Path, &str, &Mending) -> Option<String> + Send + Sync>;

/// A project that cannot be read at all.
pub struct Unreadable {
    /// Why, for the user.
    pub message: String,
    /// The project's folder, or the one that it was looked for in.
    pub root: PathBuf,
    /// Its texts, as far as they were read.
    pub sources: Arc<SourceMap>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// The project and the open files.
#[derive(Default)]
pub struct Workspace {
    /// None until the project was read once.
    pub(super) loaded: Option<Loaded>,
    /// Texts of open files by path.
    pub(super) open: HashMap<PathBuf, Arc<str>>,
}

/// What a name means.
pub(super) enum Meaning<'w> {
    Node(&'w Node),
    Source(&'w Source),
    Macro(&'w Macro),
    Doc(&'w Doc),
    Var(String, &'w Value),
    /// A column of a node or source: what has it, its unique id and what is said of it.
    Column(String, &'w str, &'w ColumnProperties),
}

/// Whether a file is a property file.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

/// The file that an address means.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let text = uri.as_str().strip_prefix("file://")?;
    let bytes = text.as_bytes();
    let mut path = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                path.push(byte);
                at += 3;
            }
            None => {
                path.push(bytes[at]);
                at += 1;
            }
        }
    }
    Some(PathBuf::from(String::from_utf8(path).ok()?))
}

/// The address of a file.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let mut text = String::from("file://");
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    Uri::from_str(&text).ok()
}

impl Workspace {
    /// The text of a file as the editor has it, else as it is on disk.
    pub(super) fn text(&self, path: &Path) -> Option<Arc<str>> {
        let open = self.open.get(path).cloned();
        open.or_else(|| std::fs::read_to_string(path).ok().map(Arc::from))
    }

    /// The node whose SQL stands in a file.
    pub(super) fn node_in(&self, path: &Path) -> Option<&Node> {
        let loaded = self.loaded.as_ref()?;
        let below = path.strip_prefix(&loaded.root).ok()?.to_string_lossy().replace('\\', "/");
        let own = loaded.manifest.nodes.values().map(AsRef::as_ref);
        own.filter(|node: &&Node| node.package_name == loaded.manifest.project_name && node.test.metadata.is_none())
            .find(|node| node.original_file_path == below)
    }

    /// The node that a `ref` means.
    pub(super) fn node(&self, package: Option<&str>, name: &str) -> Option<&Node> {
        let manifest = &self.loaded.as_ref()?.manifest;
        let named =
            manifest.nodes.values().map(AsRef::as_ref).filter(|node: &&Node| node.is_refable() && node.name == name);
        let mut named: Vec<&Node> =
            named.filter(|node| package.is_none_or(|package| node.package_name == package)).collect();
        // The project's own first, of several versions the latest.
        named.sort_by_key(|node| (node.package_name != manifest.project_name, node.version != node.latest_version));
        named.first().copied()
    }

    /// What stands at a byte of a file means, and where it stands.
    pub(super) fn found_at(&self, path: &Path, offset: usize) -> Option<(Meaning<'_>, Target, std::ops::Range<usize>)> {
        let text = self.text(path)?;
        let (target, range) = target_at(&text, offset)?;
        let meaning = match &target {
            Target::Name { name, .. } if is_yaml(path) => self.in_yaml(&YamlPlace::at(&text, range.start), name),
            Target::Name { qualifier, name } => self.column(path, &text, qualifier.as_deref(), name),
            _ => self.meaning(&target),
        };
        Some((meaning?, target, range))
    }

    /// A name in a property file.
    fn in_yaml(&self, place: &YamlPlace, name: &str) -> Option<Meaning<'_>> {
        match (place.path().as_slice(), place.names.as_slice()) {
            (
                ["models" | "seeds" | "snapshots", "columns", "name"] | ["sources", "tables", "columns", "name"],
                names,
            ) => {
                let owner = self.described(place, names)?;
                let (table, id, columns) = self.columns_of(owner)?;
                let column = columns.into_iter().find(|column| column.name.eq_ignore_ascii_case(name))?;
                Some(Meaning::Column(table, id, column))
            }
            ([.., "tests" | "data_tests"], _) => {
                let (package, name) = (None, format!("test_{name}"));
                self.meaning(&Target::Macro { package, name })
            }
            _ => self.node(None, name).map(Meaning::Node),
        }
    }

    /// The unique id of what the columns at a place in a property file are described of.
    pub(super) fn described(&self, place: &YamlPlace, names: &[String]) -> Option<&str> {
        match (place.keys.first()?.as_str(), names) {
            ("sources", [source, table, ..]) => {
                let mut all = self.loaded.as_ref()?.manifest.sources.values();
                all.find(|found| found.source_name == *source && found.name == *table).map(|found| &*found.unique_id)
            }
            (_, [name, ..]) => self.node(None, name).map(|node| &*node.unique_id),
            _ => None,
        }
    }

    /// A column that a name in SQL means; `qualifier` is what stands before it with a dot.
    fn column(&self, path: &Path, text: &str, qualifier: Option<&str>, name: &str) -> Option<Meaning<'_>> {
        let is_it = |column: &Meaning<'_>| match column {
            Meaning::Column(_, _, column) => column.name.eq_ignore_ascii_case(name),
            _ => false,
        };
        self.columns(path, text, qualifier).into_iter().find(is_it)
    }

    /// What a call or the name of a macro means.
    pub(super) fn meaning(&self, target: &Target) -> Option<Meaning<'_>> {
        let loaded = self.loaded.as_ref()?;
        let manifest = &loaded.manifest;
        match target {
            Target::Ref { package, name } => self.node(package.as_deref(), name).map(Meaning::Node),
            Target::Source { source, table } => {
                let mut all = manifest.sources.values();
                all.find(|found| found.source_name == *source && found.name == *table)
                    .map(|found| Meaning::Source(found))
            }
            Target::Doc { name } => manifest.docs.values().find(|doc| doc.name == *name).map(|doc| Meaning::Doc(doc)),
            Target::Var { name } => {
                let own = loaded.vars.get(&manifest.project_name).and_then(|own| own.get(name));
                own.or_else(|| loaded.vars.get(name)).map(|value| Meaning::Var(name.clone(), value))
            }
            Target::Macro { package, name } => {
                let in_package = |package: &str| manifest.macros.get(&format!("macro.{package}.{name}"));
                let found = match package {
                    Some(package) => in_package(package),
                    None => in_package(&manifest.project_name)
                        .or_else(|| manifest.macros.values().find(|found| found.name == *name)),
                };
                found.map(|found| Meaning::Macro(found))
            }
            // What it means is told by what is around it.
            Target::Name { .. } => None,
        }
    }

    /// The columns that the SQL in a file can name: those of what it reads, then its own. With a qualifier that the text explains, only
    /// those of what that stands for.
    pub(super) fn columns(&self, path: &Path, text: &str, qualifier: Option<&str>) -> Vec<Meaning<'_>> {
        let Some(node) = self.node_in(path) else { return Vec::new() };
        let named = qualifier.map(|qualifier| relations_named(text, qualifier)).unwrap_or_default();
        let named: Vec<&str> = named
            .iter()
            .filter_map(|target| match self.meaning(target)? {
                Meaning::Node(node) => Some(node.unique_id.as_str()),
                Meaning::Source(source) => Some(source.unique_id.as_str()),
                _ => None,
            })
            .collect();
        let read = node.depends_on.nodes.iter().chain([&node.unique_id]).map(String::as_str);
        let ids: Vec<&str> = if named.is_empty() { read.collect() } else { named };
        let tables = ids.into_iter().filter_map(|id| self.columns_of(id));
        tables
            .flat_map(|(table, id, columns)| {
                columns.into_iter().map(move |column| Meaning::Column(table.clone(), id, column))
            })
            .collect()
    }

    /// What a node or source is called, its unique id, and its columns.
    pub(super) fn columns_of(&self, id: &str) -> Option<(String, &str, Vec<&ColumnProperties>)> {
        let manifest = &self.loaded.as_ref()?.manifest;
        let (id, name, described) = if let Some(node) = manifest.nodes.get(id) {
            (node.unique_id.as_str(), node.name.clone(), &node.columns)
        } else {
            let source = manifest.sources.get(id)?;
            (source.unique_id.as_str(), format!("{}.{}", source.source_name, source.name), &source.columns)
        };
        Some((name, id, described.values().chain(self.not_described(id, described)).collect()))
    }

    /// The columns of a node or source that follow from SQL and are not among the described ones.
    pub(super) fn not_described<'w>(
        &'w self,
        unique_id: &str,
        described: &'w IndexMap<String, ColumnProperties>,
    ) -> impl Iterator<Item = &'w ColumnProperties> + use<'w> {
        let inferred = self.loaded.as_ref().and_then(|loaded| loaded.columns.get(unique_id));
        let is_new = |column: &&ColumnProperties| !described.keys().any(|name| name.eq_ignore_ascii_case(&column.name));
        inferred.into_iter().flat_map(IndexMap::values).filter(is_new)
    }

    /// A place that a span means, in the file as it is now.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        let loaded = self.loaded.as_ref()?;
        let file = loaded.sources.get(span.source);
        let path = loaded.root.join(&file.path);
        let range = text::range(&file.text, &(span.start as usize..span.end as usize));
        Some(Location { uri: uri_of(&path)?, range })
    }

    /// The beginning of a file of a package.
    pub(super) fn start_of(&self, package: &str, below: &str) -> Option<Location> {
        let loaded = self.loaded.as_ref()?;
        let root =
            if package == loaded.manifest.project_name { loaded.root.clone() } else { self.package_root(package)? };
        Some(Location { uri: uri_of(&root.join(below))?, range: lsp_types::Range::default() })
    }

    fn package_root(&self, package: &str) -> Option<PathBuf> {
        let loaded = self.loaded.as_ref()?;
        // Any file of the package tells where it lies.
        let known =
            loaded.manifest.macros.values().find(|found| found.package_name == package && found.span.is_some())?;
        let file = loaded.sources.get(known.span?.source);
        let root = file.path.strip_suffix(&known.original_file_path)?;
        Some(loaded.root.join(root))
    }

    /// Models, seeds and snapshots.
    pub(super) fn refable(&self) -> impl Iterator<Item = &Node> {
        let nodes = self.loaded.iter().flat_map(|loaded| loaded.manifest.nodes.values());
        nodes.map(AsRef::as_ref).filter(|node: &&Node| node.is_refable() && node.resource_type != ResourceType::Test)
    }
}
