//! Which resources a command is about, as typed.

use clap::Args;
use serde_json::{Map, Value};

/// `--select`, `--exclude`, `--selector`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectionArgs {
    /// Resources to include: names, paths, tags, `+name`, `name+` …
    #[arg(short, long, short_alias = 'm', aliases = ["models", "model"], num_args = 1.., action = clap::ArgAction::Append, value_name = "SELECTOR")]
    pub(crate) select: Vec<String>,
    /// Resources to leave out.
    #[arg(long, num_args = 1.., action = clap::ArgAction::Append, value_name = "SELECTOR")]
    pub(crate) exclude: Vec<String>,
    /// A selector of selectors.yml.
    #[arg(long, value_name = "NAME")]
    pub(crate) selector: Option<String>,
}

impl SelectionArgs {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.select.is_empty() && self.exclude.is_empty() && self.selector.is_none()
    }

    /// Under dbt's names, for `invocation_args_dict` and `run_results.json`.
    pub(crate) fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("select".into(), self.select.clone().into());
        map.insert("exclude".into(), self.exclude.clone().into());
        if let Some(selector) = &self.selector {
            map.insert("selector".into(), selector.clone().into());
        }
        map
    }
}
