//! Models, seeds, snapshots, analyses, data tests and hooks ("operations").

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::NodeConfig;
use crate::diagnostics::Span;

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ResourceType {
    Model,
    Analysis,
    Test,
    Snapshot,
    Operation,
    Seed,
    Source,
    Macro,
    Exposure,
    Metric,
    Group,
    SavedQuery,
    SemanticModel,
    UnitTest,
    Function,
    Doc,
    SqlOperation,
}

impl ResourceType {
    /// dbt's name: `model`, `unit_test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Analysis => "analysis",
            Self::Test => "test",
            Self::Snapshot => "snapshot",
            Self::Operation => "operation",
            Self::Seed => "seed",
            Self::Source => "source",
            Self::Macro => "macro",
            Self::Exposure => "exposure",
            Self::Metric => "metric",
            Self::Group => "group",
            Self::SavedQuery => "saved_query",
            Self::SemanticModel => "semantic_model",
            Self::UnitTest => "unit_test",
            Self::Function => "function",
            Self::Doc => "doc",
            Self::SqlOperation => "sql_operation",
        }
    }

    /// dbt's name of several: `models`, `analyses`, `unit_tests`.
    pub fn plural(self) -> String {
        match self {
            Self::Analysis => "analyses".to_owned(),
            Self::SavedQuery => "saved_queries".to_owned(),
            Self::Test => "data_tests".to_owned(),
            _ => format!("{}s", self.as_str()),
        }
    }

    /// The type of a name as used on the command line.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Model,
            Self::Analysis,
            Self::Test,
            Self::Snapshot,
            Self::Operation,
            Self::Seed,
            Self::Source,
            Self::Macro,
            Self::Exposure,
            Self::Metric,
            Self::Group,
            Self::SavedQuery,
            Self::SemanticModel,
            Self::UnitTest,
            Self::Function,
            Self::Doc,
            Self::SqlOperation,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// The hash by which a change of a file is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checksum {
    /// `sha256`, `path` (large seeds) or `none`.
    pub name: &'static str,
    /// Lower-case hex digits.
    pub checksum: String,
}

/// A call of `ref`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefCall {
    /// The name.
    pub name: String,
    /// The package, where given.
    pub package: Option<String>,
    /// The version, where given.
    pub version: Option<RefVersion>,
    /// Where it is called.
    pub span: Option<Span>,
}

/// A version in a call of `ref`, of the type that it is written in: `2` or `"2"`. Both mean the same node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RefVersion {
    /// As it is written.
    pub written: Value,
}

impl std::fmt::Display for RefVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.written {
            Value::String(text) => f.write_str(text),
            other => write!(f, "{other}"),
        }
    }
}

/// What a node needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DependsOn {
    /// Unique ids of macros, in order of first use.
    pub macros: Vec<String>,
    /// Unique ids of nodes and sources, in order of first use, each once.
    pub nodes: Vec<String>,
}

/// A constraint of a contract, on a model or a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// As written, with dbt's fields (`type`, `name`, `expression`, `columns`, `to`, `to_columns`, `warn_unenforced`, `warn_unsupported`).
    pub values: Map<String, Value>,
}

/// What YAML says of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnProperties {
    /// Name as written.
    pub name: String,
    /// Rendered description.
    pub description: String,
    /// `meta`.
    pub meta: Map<String, Value>,
    /// The column's `config` (`meta` and `tags` within).
    pub config: Map<String, Value>,
    /// `data_type`.
    pub data_type: Option<String>,
    /// Constraints.
    pub constraints: Vec<Constraint>,
    /// Whether it is quoted.
    pub quote: Option<bool>,
    /// Tags.
    pub tags: Vec<String>,
    /// Unique ids of doc blocks used in the description.
    pub doc_blocks: Vec<String>,
    /// Other keys, kept as they are.
    pub extra: Map<String, Value>,
    /// Where the column is described.
    pub span: Option<Span>,
}

/// What only data tests have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TestDetails {
    /// `test_metadata` of a generic test: name, package namespace, kwargs.
    pub metadata: Option<TestMetadata>,
    /// The column it tests.
    pub column_name: Option<String>,
    /// `models.my_model`: the YAML entry it hangs on.
    pub file_key_name: Option<String>,
    /// Unique id of the node it is attached to.
    pub attached_node: Option<String>,
}

/// What only user-defined functions have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FunctionDetails {
    /// Its parameters in order, with dbt's keys: `name`, `data_type`, `description`, `default_value`.
    pub arguments: Vec<Map<String, Value>>,
    /// What it returns: `data_type`, `description`.
    pub returns: Map<String, Value>,
}

/// The definition of a generic test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestMetadata {
    /// `not_null`.
    pub name: String,
    /// Package of the test macro, where written (`dbt_utils`).
    pub namespace: Option<String>,
    /// Arguments as given, with `model` and `column_name`.
    pub kwargs: Map<String, Value>,
}

/// A model, seed, snapshot, analysis, data test, function or hook.
#[derive(Debug, Clone)]
pub struct Node {
    /// `model.package.name`, unique in a manifest.
    pub unique_id: String,
    /// Its kind.
    pub resource_type: ResourceType,
    /// Name.
    pub name: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the resource's folder: `staging/stg_orders.sql`.
    pub path: String,
    /// Path below the package's root: `models/staging/stg_orders.sql`.
    pub original_file_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// Name in the warehouse.
    pub alias: String,
    /// Database.
    pub database: Option<String>,
    /// Schema.
    pub schema: String,
    /// Rendered name in SQL; none for ephemeral models, tests that store nothing and hooks.
    pub relation_name: Option<String>,
    /// Hash of its file.
    pub checksum: Checksum,
    /// Resolved config.
    pub config: NodeConfig,
    /// Configs as written, before rendering (for `state:modified`).
    pub unrendered_config: Map<String, Value>,
    /// Configs given by `config(...)` in the file.
    pub config_call: Map<String, Value>,
    /// The text of the file (of the block, for snapshots), Jinja included.
    pub raw_code: Arc<str>,
    /// Where `raw_code` stands; byte 0 of it is `span.start`.
    pub span: Option<Span>,
    /// `sql`; `python` for functions that are Python code.
    pub language: &'static str,
    /// Calls of `ref`, in order.
    pub refs: Vec<RefCall>,
    /// Calls of `source`: source name, table name.
    pub sources: Vec<(String, String)>,
    /// Calls of `metric`.
    pub metrics: Vec<Vec<String>>,
    /// Calls of `function`: `[name]` or `[package, name]`.
    pub functions: Vec<Vec<String>>,
    /// What it needs.
    pub depends_on: DependsOn,
    /// Rendered description.
    pub description: String,
    /// Columns by name as YAML describes them.
    pub columns: IndexMap<String, ColumnProperties>,
    /// Tags (also in config).
    pub tags: Vec<String>,
    /// Meta (also in config).
    pub meta: Map<String, Value>,
    /// Group (also in config).
    pub group: Option<String>,
    /// `docs`: `show`, `node_color`.
    pub docs: Map<String, Value>,
    /// `package://path` of the YAML that describes it.
    pub patch_path: Option<String>,
    /// Unique ids of doc blocks used in its description.
    pub doc_blocks: Vec<String>,
    /// Seconds since 1970 when it was parsed.
    pub created_at: f64,
    /// Model only: `private`, `protected`, `public`.
    pub access: String,
    /// Model only: version.
    pub version: Option<Value>,
    /// Model only: latest version.
    pub latest_version: Option<Value>,
    /// Model only: `deprecation_date`.
    pub deprecation_date: Option<String>,
    /// Model only: constraints of the whole relation.
    pub constraints: Vec<Constraint>,
    /// Model only: columns that unique and not_null tests or constraints make a key.
    pub primary_key: Vec<String>,
    /// Model only: `time_spine`.
    pub time_spine: Option<Value>,
    /// Data test only.
    pub test: TestDetails,
    /// Function only.
    pub function: FunctionDetails,
    /// Seed only: folder of its package, absolute.
    pub root_path: Option<String>,
    /// Its entry in a property file (of a generic test: the whole item of the list of tests).
    pub properties_span: Option<Span>,
    /// Hook only: position in `on-run-start`/`on-run-end`.
    pub index: Option<usize>,
}

impl Node {
    /// A node of which nothing more is known than what it is and how it is called.
    pub fn new(resource_type: ResourceType, unique_id: String, name: String, package_name: String) -> Self {
        Self {
            unique_id,
            resource_type,
            alias: name.clone(),
            name,
            package_name,
            path: String::new(),
            original_file_path: String::new(),
            fqn: Vec::new(),
            database: None,
            schema: String::new(),
            relation_name: None,
            checksum: Checksum { name: "none", checksum: String::new() },
            config: NodeConfig::default(),
            unrendered_config: Map::new(),
            config_call: Map::new(),
            raw_code: Arc::from(""),
            span: None,
            language: "sql",
            refs: Vec::new(),
            sources: Vec::new(),
            metrics: Vec::new(),
            functions: Vec::new(),
            depends_on: DependsOn::default(),
            description: String::new(),
            columns: IndexMap::new(),
            tags: Vec::new(),
            meta: Map::new(),
            group: None,
            docs: Map::new(),
            patch_path: None,
            doc_blocks: Vec::new(),
            created_at: 0.0,
            access: "protected".into(),
            version: None,
            latest_version: None,
            deprecation_date: None,
            constraints: Vec::new(),
            primary_key: Vec::new(),
            time_spine: None,
            test: TestDetails::default(),
            function: FunctionDetails::default(),
            root_path: None,
            properties_span: None,
            index: None,
        }
    }

    /// Whether it becomes CTEs of others instead of a relation.
    pub fn is_ephemeral(&self) -> bool {
        self.resource_type == ResourceType::Model && self.config.materialized() == "ephemeral"
    }

    /// Whether others may `ref` it.
    pub fn is_refable(&self) -> bool {
        matches!(self.resource_type, ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot)
    }

    /// Whether a relation may stand for it: of tests only that of failures that are kept.
    pub fn is_stored(&self) -> bool {
        match self.resource_type {
            ResourceType::Test => self.relation_name.is_some(),
            _ => self.is_refable() && !self.is_ephemeral(),
        }
    }

    /// What `ref` of a versioned model and messages show: `name` or `name.v2`.
    pub fn search_name(&self) -> String {
        match &self.version {
            Some(Value::String(version)) => format!("{}.v{version}", self.name),
            Some(version) => format!("{}.v{version}", self.name),
            None => self.name.clone(),
        }
    }
}
