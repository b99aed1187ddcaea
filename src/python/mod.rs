//! What Python gives to templates of any kind: arguments bound as it binds them, its containers and errors, JSON and YAML as its
//! libraries write them, `modules`.
//!
//! [`members`] are the names that need nothing but this: every template of dbt has them, those of `dbt_project.yml` and
//! `profiles.yml` too. Nothing here knows of projects, nodes or warehouses.

pub(crate) mod arguments;
pub(crate) mod collections;
pub(crate) mod json_yaml;
mod members;
pub(crate) mod modules;
pub(crate) mod raise;
pub(crate) mod values;

pub(crate) use members::members;
