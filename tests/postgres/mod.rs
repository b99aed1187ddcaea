//! What only PostgreSQL can show: sessions, limits, lost connections, and builds that are disturbed.
//!
//! The server is that of `HETL_TEST_POSTGRES`; see `postgres_server`. Each test has a schema of its own.

mod builds;
mod in_place;
mod killed;
mod proxy;
mod publishing;
mod redshift;
mod secured;
mod sessions;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hetl::adapters::{Adapter, Cell, Connection, Surroundings, registry};
use serde_json::Value;
use tempfile::TempDir;

use crate::postgres_server::postgres_target;

/// The adapter of a target.
fn open(target: &Value) -> Arc<dyn Adapter> {
    registry::open(target.as_object().expect("targets are objects"), &Surroundings::default()).expect("it is valid")
}

/// Runs SQL and gives the first value.
fn ask(connection: &mut dyn Connection, sql: &str) -> Cell {
    connection.execute(sql, true).unwrap_or_else(|error| panic!("{error}\nin: {sql}")).1.cell(0, 0)
}

fn ask_number(connection: &mut dyn Connection, sql: &str) -> i128 {
    let cell = ask(connection, sql);
    cell.as_int().unwrap_or_else(|| panic!("not a number: {cell:?}\nin: {sql}"))
}

/// Waits until a condition holds; a minute is too long.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it did not come about: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A project on the server, in a schema that goes with it.
struct Project {
    folder: TempDir,
    schema: String,
    target: Value,
}

impl Project {
    /// A project of these files; `further` keys are added to its target. Nothing where there is no server.
    fn new(files: &[(&str, &str)], further: &Value) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let schema =
            format!("hetl_{}", folder.path().file_name()?.to_string_lossy().trim_start_matches('.').to_lowercase());
        let mut target = postgres_target(&schema)?;
        target["threads"] = 4.into();
        target["application_name"] = schema.as_str().into();
        for (key, value) in further.as_object().into_iter().flatten() {
            target[key] = value.clone();
        }
        let profiles = serde_json::json!({"p": {"target": "dev", "outputs": {"dev": target}}});
        let project = Self { folder, schema, target };
        project.write("dbt_project.yml", "name: p\nprofile: p\nflags: {send_anonymous_usage_stats: false}\n");
        project.write("profiles.yml", &profiles.to_string());
        for (path, text) in files {
            project.write(path, text);
        }
        Some(project)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hetl"));
        command.args(words).current_dir(self.folder.path()).env_remove("DBT_PROFILES_DIR").env("NO_COLOR", "1");
        command
    }

    /// Runs a command to its end: exit code and what was printed.
    fn run(&self, words: &[&str]) -> (i32, String) {
        let output = self.command(words).output().expect("hetl can be started");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), printed)
    }

    /// The same, which must succeed.
    fn succeed(&self, words: &[&str]) {
        let (exit, printed) = self.run(words);
        assert_eq!(exit, 0, "{words:?}:\n{printed}");
    }

    fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("hetl can be started")
    }

    /// A session of the test's own, which the project's are told apart from.
    fn session(&self) -> Box<dyn Connection> {
        let mut target = postgres_target(&self.schema).expect("there is a server");
        target["application_name"] = "the test itself".into();
        open(&target).connect().expect("it connects")
    }

    /// How many sessions of the project run a statement that contains a text.
    fn running(&self, session: &mut dyn Connection, text: &str) -> i128 {
        let sql = format!(
            "select count(*) from pg_stat_activity where application_name = '{}' and state = 'active' and query like '%{text}%'",
            self.schema
        );
        ask_number(session, &sql)
    }

    /// The names of everything in the schema that has rows.
    fn relations(&self, session: &mut dyn Connection) -> Vec<String> {
        let sql = format!(
            "select c.relname from pg_class c where c.relnamespace = (select oid from pg_namespace where nspname = '{}') \
             and c.relkind in ('r', 'v', 'm', 'p') order by 1",
            self.schema
        );
        let (_, found) = session.execute(&sql, true).expect("the catalog answers");
        found.column(0).map(|cell| cell.to_string()).collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let mut session = self.session();
        let _ = session.execute(&format!("drop schema if exists {} cascade", self.schema), false);
    }
}
