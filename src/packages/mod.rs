//! Packages: everything that `dbt deps` does, up to the files in `dbt_packages`.
//!
//! [`deps`] is the way in. `request` reads what is asked for, `resolve` chooses versions (by the rules in `version` and
//! `version_range`, from what `hub` and `git` know), `lock_file` keeps the choice, `install` puts the files in place. Installed
//! packages are read by `config`; nothing here parses models.

mod add_package;
mod archive;
mod cache;
mod deps;
mod git;
mod http;
mod hub;
mod install;
mod installed;
mod lock_file;
mod pinned;
mod redact;
mod request;
mod resolve;
mod unpacked;
mod version;
mod version_range;
mod work;
mod yaml_text;

pub use add_package::{NewPackage, PackageSource};
pub use deps::{DepsOptions, deps};

/// One list of the answers that dbt's own functions gave (`tests/packages/versions.json`).
#[cfg(test)]
fn recorded(name: &str) -> Vec<serde_json::Value> {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/packages/versions.json")).expect("the answers are JSON");
    all[name].as_array().expect("each name has a list").clone()
}
