//! The JSON form of sources, macros, docs, exposures, groups and unit tests.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::maps::items;
use super::parts::{ColumnsJson, DependsOnMacros, DocsJson, Quoting, RefJson};
use crate::manifest::{
    Doc, Exposure, FreshnessRule, FreshnessThreshold, Group, Macro, MacroArgument, Source, TimePeriod, UnitTest,
};

pub(super) struct SourceJson<'a>(pub(super) &'a Source);

impl Serialize for SourceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("database", &source.database)?;
        map.serialize_entry("schema", &source.schema)?;
        map.serialize_entry("name", &source.name)?;
        map.serialize_entry("resource_type", "source")?;
        map.serialize_entry("package_name", &source.package_name)?;
        map.serialize_entry("path", &source.original_file_path)?;
        map.serialize_entry("original_file_path", &source.original_file_path)?;
        map.serialize_entry("unique_id", &source.unique_id)?;
        map.serialize_entry("fqn", &source.fqn)?;
        map.serialize_entry("source_name", &source.source_name)?;
        map.serialize_entry("source_description", &source.source_description)?;
        map.serialize_entry("loader", &source.loader)?;
        map.serialize_entry("identifier", &source.identifier)?;
        map.serialize_entry("quoting", &Quoting::written(&source.quoting))?;
        map.serialize_entry("loaded_at_field", &source.loaded_at_field)?;
        map.serialize_entry("loaded_at_query", &source.loaded_at_query)?;
        // The config tells `freshness: null` (never checked) from nothing said (an empty rule).
        match (&source.freshness, source.config.values().get("freshness")) {
            (None, Some(written)) => map.serialize_entry("freshness", written)?,
            (rule, _) => map.serialize_entry("freshness", &freshness_json(rule.as_ref()))?,
        }
        map.serialize_entry("external", &source.external)?;
        map.serialize_entry("description", &source.description)?;
        map.serialize_entry("columns", &ColumnsJson { columns: &source.columns, targets: None })?;
        map.serialize_entry("meta", &source.meta)?;
        map.serialize_entry("source_meta", &source.source_meta)?;
        map.serialize_entry("tags", &source.tags)?;
        map.serialize_entry("config", source.config.values())?;
        map.serialize_entry("patch_path", &())?;
        map.serialize_entry("unrendered_config", &source.unrendered_config)?;
        map.serialize_entry("relation_name", &source.relation_name)?;
        map.serialize_entry("created_at", &source.created_at)?;
        map.serialize_entry("unrendered_database", &source.unrendered_database)?;
        map.serialize_entry("unrendered_schema", &source.unrendered_schema)?;
        map.serialize_entry("doc_blocks", &source.doc_blocks)?;
        map.end()
    }
}

/// A freshness rule; what it does not say is null.
pub fn freshness_json(rule: Option<&FreshnessRule>) -> Value {
    let threshold = |threshold: Option<FreshnessThreshold>| {
        json!({
            "count": threshold.map(|threshold| threshold.count),
            "period": threshold.map(|threshold| match threshold.period {
                TimePeriod::Minute => "minute",
                TimePeriod::Hour => "hour",
                TimePeriod::Day => "day",
            }),
        })
    };
    json!({
        "warn_after": threshold(rule.and_then(|rule| rule.warn_after)),
        "error_after": threshold(rule.and_then(|rule| rule.error_after)),
        "filter": rule.and_then(|rule| rule.filter.as_deref()),
    })
}

pub(super) struct MacroJson<'a>(pub(super) &'a Macro);

impl Serialize for MacroJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let item = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &item.name)?;
        map.serialize_entry("resource_type", "macro")?;
        map.serialize_entry("package_name", &item.package_name)?;
        map.serialize_entry("path", &item.original_file_path)?;
        map.serialize_entry("original_file_path", &item.original_file_path)?;
        map.serialize_entry("unique_id", &item.unique_id)?;
        map.serialize_entry("macro_sql", &*item.macro_sql)?;
        map.serialize_entry("depends_on", &DependsOnMacros { macros: &item.depends_on_macros })?;
        map.serialize_entry("description", &item.description)?;
        map.serialize_entry("meta", &item.meta)?;
        map.serialize_entry("docs", &DocsJson(&item.docs))?;
        map.serialize_entry("config", &MacroConfig(item))?;
        map.serialize_entry("patch_path", &item.patch_path)?;
        map.serialize_entry("arguments", &items(&item.arguments, ArgumentJson))?;
        map.serialize_entry("created_at", &item.created_at)?;
        map.serialize_entry("supported_languages", &item.supported_languages)?;
        map.end()
    }
}

struct MacroConfig<'a>(&'a Macro);

impl Serialize for MacroConfig<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("meta", &self.0.meta)?;
        map.serialize_entry("docs", &DocsJson(&self.0.docs))?;
        for (key, value) in self.0.config.iter().filter(|(key, _)| !matches!(key.as_str(), "meta" | "docs")) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct ArgumentJson<'a>(&'a MacroArgument);

impl Serialize for ArgumentJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("type", &self.0.data_type)?;
        map.serialize_entry("description", &self.0.description)?;
        map.end()
    }
}

pub(super) struct DocJson<'a>(pub(super) &'a Doc);

impl Serialize for DocJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let doc = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &doc.name)?;
        map.serialize_entry("resource_type", "doc")?;
        map.serialize_entry("package_name", &doc.package_name)?;
        map.serialize_entry("path", &doc.path)?;
        map.serialize_entry("original_file_path", &doc.original_file_path)?;
        map.serialize_entry("unique_id", &doc.unique_id)?;
        map.serialize_entry("block_contents", &doc.block_contents)?;
        map.end()
    }
}

pub(super) struct ExposureJson<'a>(pub(super) &'a Exposure);

impl Serialize for ExposureJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let exposure = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &exposure.name)?;
        map.serialize_entry("resource_type", "exposure")?;
        map.serialize_entry("package_name", &exposure.package_name)?;
        map.serialize_entry("path", &exposure.path)?;
        map.serialize_entry("original_file_path", &exposure.original_file_path)?;
        map.serialize_entry("unique_id", &exposure.unique_id)?;
        map.serialize_entry("fqn", &exposure.fqn)?;
        map.serialize_entry("type", &exposure.exposure_type)?;
        map.serialize_entry("owner", &exposure.owner)?;
        map.serialize_entry("description", &exposure.description)?;
        map.serialize_entry("label", &exposure.label)?;
        map.serialize_entry("maturity", &exposure.maturity)?;
        map.serialize_entry("meta", &exposure.meta)?;
        map.serialize_entry("tags", &exposure.tags)?;
        map.serialize_entry("config", exposure.config.values())?;
        map.serialize_entry("unrendered_config", &exposure.unrendered_config)?;
        map.serialize_entry("url", &exposure.url)?;
        map.serialize_entry("depends_on", &exposure.depends_on)?;
        map.serialize_entry("refs", &items(&exposure.refs, RefJson))?;
        map.serialize_entry("sources", &exposure.sources)?;
        map.serialize_entry("metrics", &exposure.metrics)?;
        map.serialize_entry("created_at", &exposure.created_at)?;
        map.end()
    }
}

pub(super) struct GroupJson<'a>(pub(super) &'a Group);

impl Serialize for GroupJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &group.name)?;
        map.serialize_entry("resource_type", "group")?;
        map.serialize_entry("package_name", &group.package_name)?;
        map.serialize_entry("path", &group.path)?;
        map.serialize_entry("original_file_path", &group.original_file_path)?;
        map.serialize_entry("unique_id", &group.unique_id)?;
        map.serialize_entry("owner", &group.owner)?;
        map.serialize_entry("description", &group.description)?;
        map.serialize_entry("config", &group.config)?;
        map.end()
    }
}

pub(super) struct UnitTestJson<'a>(pub(super) &'a UnitTest);

impl Serialize for UnitTestJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let test = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &test.model)?;
        map.serialize_entry("given", &test.given)?;
        map.serialize_entry("expect", &test.expect)?;
        map.serialize_entry("name", &test.name)?;
        map.serialize_entry("resource_type", "unit_test")?;
        map.serialize_entry("package_name", &test.package_name)?;
        map.serialize_entry("path", &test.path)?;
        map.serialize_entry("original_file_path", &test.original_file_path)?;
        map.serialize_entry("unique_id", &test.unique_id)?;
        map.serialize_entry("fqn", &test.fqn)?;
        map.serialize_entry("description", &test.description)?;
        map.serialize_entry("overrides", &test.overrides)?;
        map.serialize_entry("depends_on", &test.depends_on)?;
        map.serialize_entry("config", test.config.values())?;
        map.serialize_entry("checksum", &test.checksum)?;
        map.serialize_entry("schema", &test.schema)?;
        map.serialize_entry("created_at", &test.created_at)?;
        map.serialize_entry("versions", &test.versions)?;
        map.serialize_entry("version", &test.version)?;
        map.end()
    }
}
