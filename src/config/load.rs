//! From an invocation to a whole [`Config`].

use std::sync::Arc;

use super::{Flags, Invocation, Overrides, Profile, Project, Vars};
use crate::diagnostics::{Diagnostics, SourceMap};

/// Everything that is known before any model is read.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the process was given.
    pub invocation: Arc<Invocation>,
    /// The root project with its packages.
    pub project: Arc<Project>,
    /// The chosen target.
    pub profile: Arc<Profile>,
    /// All flags.
    pub flags: Arc<Flags>,
    /// All variables.
    pub vars: Arc<Vars>,
}

/// A [`Config`] if one could be made, and everything there is to say.
#[derive(Debug)]
pub struct Loaded {
    /// None if there are errors.
    pub config: Option<Config>,
    /// Errors and warnings, in the order they were found.
    pub diagnostics: Diagnostics,
    /// Lines for the user that are neither errors nor warnings, such as which database is used without a profile.
    pub notes: Vec<String>,
}

/// Finds and reads project, packages and profile.
pub fn load(_invocation: Invocation, _overrides: &Overrides, _sources: &SourceMap) -> Loaded {
    Loaded { config: None, diagnostics: Diagnostics::new(), notes: Vec::new() }
}
