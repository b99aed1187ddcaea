//! [`Workspace`]: the project as it was last read, and the texts of open files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use indexmap::IndexMap;
use lsp_types::{Location, Uri};
use serde_json::{Map, Value};

use super::target::Target;
use super::text;
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

    /// What stands at a place means; `path` is the file.
    pub(super) fn meaning(&self, path: &Path, target: &Target) -> Option<Meaning<'_>> {
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
            Target::Name { name, .. } => {
                let is_yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
                if is_yaml {
                    return self.node(None, name).map(Meaning::Node);
                }
                self.columns(path).into_iter().find(|column| match column {
                    Meaning::Column(_, _, column) => column.name.eq_ignore_ascii_case(name),
                    _ => false,
                })
            }
        }
    }

    /// The columns that the SQL in a file can name: those of what it reads, then its own.
    pub(super) fn columns(&self, path: &Path) -> Vec<Meaning<'_>> {
        let (Some(loaded), Some(node)) = (&self.loaded, self.node_in(path)) else { return Vec::new() };
        let manifest = &loaded.manifest;
        let mut found = Vec::new();
        for id in node.depends_on.nodes.iter().chain([&node.unique_id]) {
            let (id, name, described) = if let Some(upstream) = manifest.nodes.get(id) {
                (upstream.unique_id.as_str(), upstream.name.clone(), &upstream.columns)
            } else if let Some(source) = manifest.sources.get(id) {
                (source.unique_id.as_str(), format!("{}.{}", source.source_name, source.name), &source.columns)
            } else {
                continue;
            };
            let columns = described.values().chain(self.not_described(id, described));
            found.extend(columns.map(|column| Meaning::Column(name.clone(), id, column)));
        }
        found
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
