//! Values that are the same in all contexts of an invocation, made once.

use std::collections::HashMap;

use minijinja::Value;
use serde_json::{Map, Value as Json};

use super::column::ColumnClass;
use super::relation::RelationClass;
use super::runtime_config::runtime_config;
use super::values::dict;
use super::{flags, modules};
use crate::adapters::{Adapter, RelationParts};
use crate::config::Config;
use crate::jinja::from_json;
use crate::python::members;

/// A dict that is made anew for whoever asks, because templates may change what they get.
#[derive(Debug)]
pub(super) struct Fresh(Json);

impl Fresh {
    /// The dict.
    pub(super) fn value(&self) -> Value {
        from_json(&self.0)
    }
}

/// The shared values.
pub(super) struct Shared {
    /// `target`.
    pub(super) target: Value,
    /// `flags`.
    pub(super) flags: Value,
    /// `adapter.config`, `ref.config`.
    pub(super) runtime_config: Value,
    /// `api`.
    pub(super) api: Value,
    /// `run_started_at`.
    pub(super) run_started_at: Value,
    /// `invocation_args_dict`.
    pub(super) invocation_args: Fresh,
    /// `dbt_metadata_envs`.
    pub(super) metadata_envs: Fresh,
    /// Names that templates of any kind have.
    pub(super) members: HashMap<&'static str, Value>,
}

impl Shared {
    /// The values of an invocation.
    pub(super) fn new(config: &Config, adapter: &dyn Adapter, quoting: RelationParts<bool>) -> Self {
        let target = from_json(&Json::Object(target(config, adapter)));
        Self {
            runtime_config: runtime_config(config, &target, quoting),
            target,
            flags: flags::flags_value(config),
            api: dict([
                ("Relation", Value::from_object(RelationClass { quoting })),
                ("Column", Value::from_object(ColumnClass)),
            ]),
            run_started_at: modules::datetime::from_timestamp(config.invocation.started_at),
            invocation_args: Fresh(Json::Object(flags::invocation_args(config))),
            metadata_envs: Fresh(metadata_envs(config)),
            members: members(),
        }
    }
}

/// The target's credentials without secrets, and what dbt adds.
fn target(config: &Config, adapter: &dyn Adapter) -> Map<String, Json> {
    let profile = &config.profile;
    let mut fields = adapter.target_fields();
    profile.secrets.hide_in_fields(&mut fields);
    fields.insert("type".into(), profile.adapter_type.as_str().into());
    fields.insert("threads".into(), profile.threads.into());
    fields.insert("name".into(), profile.target_name.as_str().into());
    fields.insert("target_name".into(), profile.target_name.as_str().into());
    fields.insert("profile_name".into(), profile.profile_name.as_str().into());
    fields
}

/// Variables `DBT_ENV_CUSTOM_ENV_<name>` by name.
fn metadata_envs(config: &Config) -> Json {
    let names = ["DBT_ENGINE_ENV_CUSTOM_ENV_", "DBT_ENV_CUSTOM_ENV_"];
    let found = config.invocation.environment.iter().filter_map(|(name, value)| {
        let short = names.iter().find_map(|prefix| name.strip_prefix(prefix))?;
        Some((short.to_owned(), Json::from(value.as_str())))
    });
    Json::Object(found.collect())
}
