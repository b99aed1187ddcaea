//! What compiling adds to nodes; kept beside the [`super::Manifest`], which is frozen.

use indexmap::IndexMap;

/// What is known of a node after it was compiled or run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompiledNode {
    /// Its SQL, CTEs of ephemeral models included; none for seeds.
    pub code: Option<String>,
    /// CTEs that were put into it: unique id of the ephemeral model, SQL.
    pub extra_ctes: Vec<(String, String)>,
    /// The file with its SQL, if it was written: `target/compiled/…`.
    pub compiled_path: Option<String>,
    /// The file with the statement that was run, if it was: `target/run/…`.
    pub build_path: Option<String>,
    /// The relation, where it is only known now (tests that store their failures).
    pub relation_name: Option<String>,
    /// What foreign keys refer to: `to` as it is written, and the relation that it means.
    pub foreign_keys: IndexMap<String, String>,
}

/// Compiled nodes by unique id.
pub type CompiledNodes = IndexMap<String, CompiledNode>;
