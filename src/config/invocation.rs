//! What the process was given: time, identity, folder, environment, arguments.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::Secrets;

/// One run of the program. Everything that differs between two runs of the same command comes in through it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// A random UUID.
    pub invocation_id: String,
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// dbt's `which`: `build`, `run-operation`, `generate` …
    pub which: String,
    /// Command and arguments as typed.
    pub argv: Vec<String>,
    /// The command's own arguments (`select`, `exclude` …) under dbt's names, for `invocation_args_dict`.
    pub args: Map<String, Value>,
    /// The folder it was started in, absolute.
    pub working_dir: PathBuf,
    /// The user's home folder, where there is one.
    pub home_dir: Option<PathBuf>,
    /// The name of the machine.
    pub host: String,
    /// The environment as it was at the start.
    pub environment: BTreeMap<String, String>,
}

impl Invocation {
    /// Reads clock, environment and working folder of this process.
    pub fn from_process(which: &str, args: Map<String, Value>) -> Self {
        Self {
            invocation_id: uuid::Uuid::new_v4().to_string(),
            started_at: jiff::Timestamp::now(),
            which: which.to_owned(),
            argv: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            args,
            working_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            home_dir: dirs::home_dir(),
            host: host_name(),
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        }
    }

    /// An invocation of fixed identity and time, without environment: for tests and golden files.
    pub fn fixed(which: &str, working_dir: impl Into<PathBuf>) -> Self {
        Self {
            invocation_id: "00000000-0000-0000-0000-000000000000".into(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            which: which.to_owned(),
            argv: vec!["hetl".into(), which.to_owned()],
            args: Map::new(),
            working_dir: working_dir.into(),
            home_dir: None,
            host: "localhost".into(),
            environment: BTreeMap::new(),
        }
    }

    /// A variable of the environment.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// The secrets of the environment.
    pub fn secrets(&self) -> Secrets {
        Secrets::among(self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The value of a flag in the environment, with the name it was found under: `DBT_ENGINE_X`, then `DBT_X`, then `HETL_X`.
    /// `flag` is written as in dbt: `FAIL_FAST`.
    pub fn env_flag(&self, flag: &str) -> Option<(String, &str)> {
        ["DBT_ENGINE_", "DBT_", "HETL_"].into_iter().find_map(|prefix| {
            let name = format!("{prefix}{flag}");
            let value = self.env(&name)?;
            Some((name, value))
        })
    }

    /// The user's folder for what can be fetched again, by the habit of the operating system.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        let named = |name: &str| self.env(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        if cfg!(windows) {
            return named("LOCALAPPDATA");
        }
        let home = || self.home_dir.as_ref();
        if cfg!(target_os = "macos") {
            return home().map(|home| home.join("Library").join("Caches"));
        }
        named("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| home().map(|home| home.join(".cache")))
    }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".into())
}
