//! The executable on small projects that the tests write themselves, a module a topic.

mod audited;
mod beside_dbt;
mod canaries;
mod compiling;
mod docs;
mod duckdb_library;
mod freshness;
mod functions;
mod history;
mod init;
mod interrupted;
mod killed;
#[cfg(feature = "lint")]
mod linting;
mod locked;
mod on_postgres;
mod operations;
mod package_idioms;
mod parsing;
mod publishing;
mod read_copy;
mod reports;
mod secrets;
mod seeds;
mod semantic_layer;
mod shared_scans;
mod snapshots;
mod state;
mod statements;
mod transcripts;
mod warnings;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A project in a folder of its own, on a DuckDB file of its own.
pub(crate) struct Project {
    folder: TempDir,
}

/// What a command gave.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) printed: String,
}

impl Project {
    /// A project of these files, beside `dbt_project.yml` and `profiles.yml` where they are not given.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        project.write("dbt_project.yml", "name: p\nprofile: p\n");
        project.write(
            "profiles.yml",
            "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb, threads: 2}\n    \
             other: {type: duckdb, path: p.duckdb, schema: other, threads: 2}\n",
        );
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A path below the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// A JSON file.
    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        let text = fs::read_to_string(self.path(path)).expect("the file can be read");
        serde_json::from_str(&text).expect("it is JSON")
    }

    /// Runs a command; words are separated by `|` where arguments hold blanks.
    pub(crate) fn run(&self, command: &str) -> Ran {
        self.run_with(command, &[])
    }

    /// The same with environment variables.
    pub(crate) fn run_with(&self, command: &str, env: &[(&str, &str)]) -> Ran {
        let separator = if command.contains('|') { '|' } else { ' ' };
        let output = Command::new(env!("CARGO_BIN_EXE_hetl"))
            .args(command.split(separator))
            .current_dir(self.folder.path())
            .env_remove("DBT_PROFILES_DIR")
            .env("NO_COLOR", "1")
            .envs(env.iter().copied())
            .output()
            .expect("hetl can be started");
        let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        Ran { exit: output.status.code().unwrap_or(-1), printed }
    }

    /// Rows of a query, as JSON.
    pub(crate) fn query(&self, sql: &str) -> serde_json::Value {
        let ran = self.run(&format!("show|--quiet|--output|json|--limit|-1|--inline|{sql}"));
        let json = serde_json::from_str::<serde_json::Value>(&ran.printed);
        json.unwrap_or_else(|_| panic!("{}", ran.printed))["show"].take()
    }
}

impl Ran {
    /// Checks the exit code and that all of these words were printed.
    #[track_caller]
    pub(crate) fn expect(&self, exit: i32, words: &[&str]) -> &Self {
        assert_eq!(self.exit, exit, "{}", self.printed);
        for words in words {
            assert!(self.printed.contains(words), "{words:?} is not in:\n{}", self.printed);
        }
        self
    }

    /// Checks that these words were not printed.
    #[track_caller]
    pub(crate) fn without(&self, words: &str) -> &Self {
        assert!(!self.printed.contains(words), "{words:?} is in:\n{}", self.printed);
        self
    }
}
