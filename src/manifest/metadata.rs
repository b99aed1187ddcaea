//! What artifacts say of the run that wrote them.

use indexmap::IndexMap;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::ser::SerializeMap;
use serde_json::Value;

use crate::adapters::RelationParts;

/// The version of dbt's artifacts that ours are to be read as. Tools choose by it how to read them.
pub const COMPATIBLE_DBT_VERSION: &str = "2.0.0";

/// What every artifact says of the invocation that wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactMetadata {
    /// When it is written.
    pub generated_at: Timestamp,
    /// Id of the invocation, a UUID.
    pub invocation_id: String,
    /// When the command began.
    pub invocation_started_at: Timestamp,
    /// Values of environment variables that begin with `DBT_ENV_CUSTOM_ENV_`, by the rest of their names.
    pub env: IndexMap<String, String>,
}

/// What the manifest says besides.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestMetadata {
    /// As in every artifact.
    pub artifact: ArtifactMetadata,
    /// Quoting of the root project.
    pub quoting: RelationParts<bool>,
}

impl ArtifactMetadata {
    /// Writes the entries that all artifacts begin with.
    pub(crate) fn serialize_entries<M: SerializeMap>(&self, schema: &str, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("dbt_schema_version", &format_args!("https://schemas.getdbt.com/dbt/{schema}.json"))?;
        map.serialize_entry("dbt_version", COMPATIBLE_DBT_VERSION)?;
        map.serialize_entry("generated_at", &utc(self.generated_at))?;
        map.serialize_entry("invocation_id", &self.invocation_id)?;
        map.serialize_entry("invocation_started_at", &utc(self.invocation_started_at))?;
        map.serialize_entry("env", &self.env)
    }
}

/// A time as artifacts have it: `2024-01-31T10:00:00.123456Z`.
pub fn utc(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// An aware time as Python's `isoformat` has it, where the moment is a value rather than a time of the run: no fraction
/// where it is zero, `2024-01-31T10:00:00+00:00`.
pub fn python_utc(time: Timestamp) -> String {
    if time.subsec_nanosecond() / 1000 == 0 {
        format!("{time:.0}").replace('Z', "+00:00")
    } else {
        utc_with_offset(time)
    }
}

/// The same as Python's `isoformat` of an aware time: `2024-01-31T10:00:00.123456+00:00`.
pub(super) fn utc_with_offset(time: Timestamp) -> String {
    utc(time).replace('Z', "+00:00")
}

/// dbt's id of a project: a hash of its name.
pub(super) fn project_id(name: &str) -> String {
    hex::encode(Md5::digest(name))
}

/// The number in the `dbt_schema_version` of an artifact: 12 of `https://schemas.getdbt.com/dbt/manifest/v12.json`.
pub fn schema_version(artifact: &Value) -> Option<u32> {
    let address = artifact.pointer("/metadata/dbt_schema_version")?.as_str()?;
    address.rsplit('/').next()?.strip_prefix('v')?.strip_suffix(".json")?.parse().ok()
}
