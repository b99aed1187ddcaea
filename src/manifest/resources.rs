//! Resources that are not nodes: sources, macros, docs, exposures, groups, unit tests.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{ColumnProperties, DependsOn, NodeConfig, RefCall};
use crate::adapters::RelationParts;
use crate::diagnostics::Span;

/// A unit of time in a freshness rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TimePeriod {
    Minute,
    Hour,
    Day,
}

impl TimePeriod {
    /// dbt's name: `minute`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// An age such as "12 hours".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshnessThreshold {
    /// How many.
    pub count: u64,
    /// Of what.
    pub period: TimePeriod,
}

impl FreshnessThreshold {
    /// The age in seconds.
    pub fn seconds(self) -> f64 {
        let period = match self.period {
            TimePeriod::Minute => 60.0,
            TimePeriod::Hour => 3600.0,
            TimePeriod::Day => 86400.0,
        };
        self.count as f64 * period
    }
}

/// When a source is stale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FreshnessRule {
    /// Older gives a warning.
    pub warn_after: Option<FreshnessThreshold>,
    /// Older gives an error.
    pub error_after: Option<FreshnessThreshold>,
    /// Condition on rows that count.
    pub filter: Option<String>,
}

/// A table that the project reads and does not make.
#[derive(Debug, Clone)]
pub struct Source {
    /// `source.package.source_name.name`.
    pub unique_id: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path of the YAML below the package's root.
    pub original_file_path: String,
    /// Package, folders, source name, table name.
    pub fqn: Vec<String>,
    /// Name of the source.
    pub source_name: String,
    /// Name of the table within the source.
    pub name: String,
    /// Name in the warehouse.
    pub identifier: String,
    /// Database.
    pub database: Option<String>,
    /// Schema.
    pub schema: String,
    /// `database` as written, where it is.
    pub unrendered_database: Option<String>,
    /// `schema` as written, where it is.
    pub unrendered_schema: Option<String>,
    /// How it is written in SQL.
    pub relation_name: String,
    /// `quoting` as written.
    pub quoting: Map<String, Value>,
    /// Quoting of `relation_name`, which the project's has a part in; that of `source()` has not, as in dbt.
    pub resolved_quoting: RelationParts<bool>,
    /// Description of the table.
    pub description: String,
    /// Description of the source.
    pub source_description: String,
    /// `meta` of the source.
    pub source_meta: Map<String, Value>,
    /// `loader`.
    pub loader: String,
    /// `loaded_at_field`.
    pub loaded_at_field: Option<String>,
    /// `loaded_at_query`.
    pub loaded_at_query: Option<String>,
    /// When it is stale; none where freshness is not checked.
    pub freshness: Option<FreshnessRule>,
    /// Columns by name.
    pub columns: IndexMap<String, ColumnProperties>,
    /// `meta`, inherited ones included.
    pub meta: Map<String, Value>,
    /// `tags`, inherited ones included.
    pub tags: Vec<String>,
    /// Resolved config.
    pub config: NodeConfig,
    /// Configs before rendering.
    pub unrendered_config: Map<String, Value>,
    /// dbt's external-table properties, as written.
    pub external: Option<Value>,
    /// Unique ids of doc blocks used in its description.
    pub doc_blocks: Vec<String>,
    /// Seconds since 1970 when it was parsed.
    pub created_at: f64,
    /// Where it is defined.
    pub span: Option<Span>,
}

/// A documented argument of a macro.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MacroArgument {
    /// Name.
    pub name: String,
    /// Type, free text.
    pub data_type: Option<String>,
    /// Description.
    pub description: String,
}

/// A macro, generic test or materialization.
#[derive(Debug, Clone)]
pub struct Macro {
    /// `macro.package.name`.
    pub unique_id: String,
    /// Name with dbt's prefix: `test_unique`, `materialization_view_default`.
    pub name: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// The whole block.
    pub macro_sql: std::sync::Arc<str>,
    /// Macros it calls.
    pub depends_on_macros: Vec<String>,
    /// Description from YAML.
    pub description: String,
    /// `meta` from YAML.
    pub meta: Map<String, Value>,
    /// `docs` from YAML.
    pub docs: Map<String, Value>,
    /// `config` from YAML.
    pub config: Map<String, Value>,
    /// `package://path` of the YAML that describes it.
    pub patch_path: Option<String>,
    /// Documented arguments.
    pub arguments: Vec<MacroArgument>,
    /// Of a materialization: languages.
    pub supported_languages: Option<Vec<String>>,
    /// Seconds since 1970 when it was parsed.
    pub created_at: f64,
    /// The block in its file.
    pub span: Option<Span>,
}

/// A doc block.
#[derive(Debug, Clone)]
pub struct Doc {
    /// `doc.package.name`.
    pub unique_id: String,
    /// Name.
    pub name: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the docs folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Its text.
    pub block_contents: String,
}

/// A dashboard, notebook or application that reads the project.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// `exposure.package.name`.
    pub unique_id: String,
    /// Name.
    pub name: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the resource's folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// `dashboard`, `notebook`, `analysis`, `ml`, `application`.
    pub exposure_type: String,
    /// Who answers for it: name and email.
    pub owner: Map<String, Value>,
    /// Description.
    pub description: String,
    /// Title.
    pub label: Option<String>,
    /// `low`, `medium`, `high`.
    pub maturity: Option<String>,
    /// Address.
    pub url: Option<String>,
    /// Meta.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Resolved config.
    pub config: NodeConfig,
    /// Configs before rendering.
    pub unrendered_config: Map<String, Value>,
    /// Calls of `ref`.
    pub refs: Vec<RefCall>,
    /// Calls of `source`.
    pub sources: Vec<(String, String)>,
    /// Calls of `metric`.
    pub metrics: Vec<Vec<String>>,
    /// What it needs.
    pub depends_on: DependsOn,
    /// Seconds since 1970 when it was parsed.
    pub created_at: f64,
    /// Where it is defined.
    pub span: Option<Span>,
}

/// A group of resources with an owner.
#[derive(Debug, Clone)]
pub struct Group {
    /// `group.package.name`.
    pub unique_id: String,
    /// Name.
    pub name: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the resource's folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Who answers for it.
    pub owner: Map<String, Value>,
    /// Description.
    pub description: Option<String>,
    /// Resolved config.
    pub config: Map<String, Value>,
    /// Where it is defined.
    pub span: Option<Span>,
}

/// A unit test: a model, given rows, expected rows.
#[derive(Debug, Clone)]
pub struct UnitTest {
    /// `unit_test.package.model.name`.
    pub unique_id: String,
    /// Name.
    pub name: String,
    /// The model under test, as written.
    pub model: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the resource's folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Package, folders, model, name.
    pub fqn: Vec<String>,
    /// Description.
    pub description: String,
    /// Inputs as dbt writes them: input, rows, format, fixture.
    pub given: Vec<Value>,
    /// Expected rows: rows, format, fixture.
    pub expect: Value,
    /// `overrides`: macros, vars, env_vars.
    pub overrides: Option<Value>,
    /// `versions`.
    pub versions: Option<Value>,
    /// Version of the model under test.
    pub version: Option<Value>,
    /// Resolved config.
    pub config: NodeConfig,
    /// What it needs: the model and its inputs.
    pub depends_on: DependsOn,
    /// Unique ids of its inputs, in the order of `given`; the model itself for `this`. Or why there is none of them: the test fails for it when it
    /// is run, as in dbt, and only then.
    pub inputs: Result<Vec<String>, String>,
    /// Hash for `state:modified`.
    pub checksum: Option<String>,
    /// Schema of the model under test.
    pub schema: Option<String>,
    /// Seconds since 1970 when it was parsed.
    pub created_at: f64,
    /// Where it is defined.
    pub span: Option<Span>,
}
