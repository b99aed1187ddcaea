//! [`open`] makes the linter of this build; [`Linters`] makes each once for all files with the same settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Settings, SqlLinter};

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
}

impl std::fmt::Debug for Linters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Linters")
    }
}

impl Linters {
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
