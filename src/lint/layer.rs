//! Layers of a project: staging, intermediate, marts.

use super::Settings;
use crate::manifest::Node;

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// One source table, cleaned.
    Staging,
    /// Steps between.
    Intermediate,
    /// What people and applications read.
    Marts,
}

impl Layer {
    /// Its name in settings.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Intermediate => "intermediate",
            Self::Marts => "marts",
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "staging" | "base" => Some(Self::Staging),
            "intermediate" => Some(Self::Intermediate),
            "marts" | "mart" => Some(Self::Marts),
            _ => None,
        }
    }

    /// The layer that a name begins with: `stg_orders`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        if begins(&["stg_", "base_"]) {
            Some(Self::Staging)
        } else if begins(&["int_"]) {
            Some(Self::Intermediate)
        } else if begins(&["fct_", "dim_", "mart_", "rpt_", "agg_"]) {
            Some(Self::Marts)
        } else {
            None
        }
    }

    /// The layer of the innermost folder that is called like one.
    pub(super) fn of_folder(path: &str) -> Option<Self> {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.rsplit('/').find_map(Self::named)
    }
}

/// The layer of a model: what the settings say, else its folders, else its name.
pub(super) fn layer_of(node: &Node, settings: &Settings) -> Option<Layer> {
    let path = node.original_file_path.as_str();
    let said = settings.layer(path).and_then(Layer::named);
    said.or_else(|| Layer::of_folder(path)).or_else(|| Layer::of_name(&node.name))
}
