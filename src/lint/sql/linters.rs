//! [`open`] makes the linter of this build; [`Linters`] makes each once for all files with the same settings, and only for files of which
//! nothing is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{KeptFindings, RenderedSql, Settings, SqlFinding, SqlLinter};

/// The linter of this build for these settings; an error says what is wrong with them, or that the build has none.
#[cfg(feature = "lint")]
pub fn open(settings: &Settings) -> Result<Box<dyn SqlLinter>, String> {
    Ok(Box::new(super::sqruff::Sqruff::new(settings)?))
}

/// The linter of this build for these settings; an error says what is wrong with them, or that the build has none.
#[cfg(not(feature = "lint"))]
pub fn open(_settings: &Settings) -> Result<Box<dyn SqlLinter>, String> {
    Err("this build of hetl has no SQL rules: it was made without the feature `lint`".into())
}

type Opened = Arc<Result<Box<dyn SqlLinter>, String>>;

/// Linters by settings, made when they are first needed.
#[derive(Default)]
pub struct Linters {
    known: Mutex<HashMap<Settings, Opened>>,
    kept: Option<KeptFindings>,
}

impl std::fmt::Debug for Linters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Linters")
    }
}

impl Linters {
    /// Linters that are asked only where nothing is kept.
    pub fn after(kept: KeptFindings) -> Self {
        Self { known: Mutex::default(), kept: Some(kept) }
    }

    /// What is kept.
    pub fn kept(&self) -> Option<&KeptFindings> {
        self.kept.as_ref()
    }

    /// The problems of a file, in the order of their places.
    pub fn lint(&self, settings: &Settings, sql: &RenderedSql) -> Result<Vec<SqlFinding>, String> {
        let lint = || match self.get(settings).as_ref() {
            Ok(linter) => linter.lint(sql),
            Err(problem) => Err(problem.clone()),
        };
        match &self.kept {
            Some(kept) => kept.findings(sql, settings, lint),
            None => lint(),
        }
    }

    /// What is wrong with settings for which a linter was wanted.
    pub fn problem_with(&self, settings: &Settings) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(settings)?.as_ref().as_ref().err().cloned()
    }

    /// The linter for these settings.
    pub fn get(&self, settings: &Settings) -> Opened {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(linter) = known.get(settings) {
            return Arc::clone(linter);
        }
        let linter = Arc::new(open(settings));
        known.insert(settings.clone(), Arc::clone(&linter));
        linter
    }
}
