//! Replays a run with one fault after the other, and looks at what is left.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::place::{Contents, Place};

const ACTIONS: [&str; 3] = ["kill", "error", "hang"];

/// How many runs of each scenario are replayed in CI.
const FEW: usize = 6;

/// A project that is built twice.
pub(super) struct Scenario {
    name: String,
    second_vars: String,
    files: Vec<(String, String)>,
    publishes_whole_run: bool,
}

impl Scenario {
    /// `second_vars` are the variables of the second build.
    pub(super) fn new(name: &str, second_vars: &str, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self::of_files(name.to_owned(), second_vars, files)
    }

    pub(super) fn of_files(name: String, second_vars: &str, files: Vec<(String, String)>) -> Self {
        Self { name, second_vars: second_vars.to_owned(), files, publishes_whole_run: false }
    }

    /// The same with `--publish run`: all names are old, or all are new.
    pub(super) fn published_as_a_whole(self) -> Self {
        Self { name: format!("{}, published as a whole,", self.name), publishes_whole_run: true, ..self }
    }

    pub(super) fn write(&self, place: &Place) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let profiles = serde_json::json!({"p": {"target": "dev", "outputs": {"dev": place.target()}}}).to_string();
        let own =
            [("dbt_project.yml".to_owned(), "name: p\nprofile: p\n".to_owned()), ("profiles.yml".to_owned(), profiles)];
        for (path, text) in self.files.iter().chain(&own) {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
        folder
    }

    fn build(&self, project: &Path, vars: &str, fault: Option<&str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hetl"));
        command.args(["build", "--wait", "20s", "--vars", vars]).current_dir(project).env_remove("DBT_PROFILES_DIR");
        if self.publishes_whole_run {
            command.args(["--publish", "run"]);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).env("HETL_FAULT_FILE", project.join("fault.txt"));
        if let Some(fault) = fault {
            command.env("HETL_FAULT", fault);
        }
        let _ = std::fs::remove_file(project.join("fault.txt"));
        command
    }
}

/// Replays the second build of a scenario.
pub(super) fn replay(scenario: &Scenario, place: &Place) {
    let folder = scenario.write(place);
    let project = folder.path();
    let run = |vars: &str, fault: Option<&str>| {
        scenario.build(project, vars, fault).status().expect("hetl can be started").code()
    };
    run("{}", None);
    place.save(project);
    let old = place.contents(project);
    let second = scenario.second_vars.as_str();
    let exit = run(second, Some("count"));
    let new = place.contents(project);
    assert_ne!(old, new, "the second build of {} changes something", scenario.name);
    let points = std::fs::read_to_string(project.join("fault.txt")).expect("points were passed").lines().count();
    let replays = chosen(points);
    println!("{}: {} replays, {points} points", scenario.name, replays.len());
    for (action, at) in replays {
        let fault = format!("{action}:*:{at}");
        let told = || format!("{} with {fault} of {points} points", scenario.name);
        place.reset(project);
        if action == "hang" {
            hang(&mut scenario.build(project, second, Some(&fault)), &project.join("fault.txt"), &told());
        } else {
            run(second, Some(&fault));
        }
        let found = place.contents(project);
        if scenario.publishes_whole_run {
            let found = published(found);
            let is_one = [&old, &new].iter().any(|state| published((*state).clone()) == found);
            assert!(is_one, "{} leaves half a run: {found:?}\nold: {old:?}\nnew: {new:?}", told());
        } else {
            check(&found, [&old, &new], place, &told());
        }
        check_artifacts(&project.join("target"), &told());
        assert_eq!(run(second, None), exit, "the run after {}", told());
        // What is kept depends on whether the run that failed had published already.
        let [found, expected] = [place.contents(project), new.clone()].map(without_kept);
        assert_eq!(found, expected, "what there is after the run after {}", told());
    }
}

/// What readers know by name.
fn published(contents: Contents) -> Contents {
    contents.into_iter().filter(|(name, _)| !is_reserved(name)).collect()
}

fn without_kept(contents: Contents) -> Contents {
    contents.into_iter().filter(|(name, _)| !name.ends_with("__hetl_previous")).collect()
}

fn is_reserved(name: &str) -> bool {
    name.contains("__dbt_") || name.ends_with("__hetl_candidate") || name.ends_with("__hetl_previous")
}

/// Actions with the number of the passing, spread over all of them.
fn chosen(points: usize) -> Vec<(&'static str, usize)> {
    let all: Vec<_> = (1..=points).flat_map(|at| ACTIONS.map(|action| (action, at))).collect();
    let wanted = match std::env::var("HETL_FAULT_RUNS") {
        Ok(word) if word == "all" => all.len(),
        Ok(word) => word.parse().expect("HETL_FAULT_RUNS is a number or `all`"),
        Err(_) => FEW,
    };
    let wanted = wanted.min(all.len());
    (0..wanted).map(|number| all[number * all.len() / wanted]).collect()
}

/// Starts a run that hangs, and kills it then; a run that ends by itself did not come to the point.
fn hang(command: &mut Command, mark: &Path, told: &str) {
    let mut child = command.spawn().expect("hetl can be started");
    let begin = Instant::now();
    while !mark.exists() && child.try_wait().expect("its state").is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{told} does not come to its point");
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    child.wait().expect("it ends");
}

/// Every name is wholly old or wholly new; others are reserved ones.
fn check(found: &Contents, [old, new]: [&Contents; 2], place: &Place, told: &str) {
    for (name, rows) in found {
        let is_known = [old, new].iter().any(|state| state.get(name) == Some(rows));
        assert!(is_known || is_reserved(name), "{name} after {told} holds {rows:?}\nold: {old:?}\nnew: {new:?}");
    }
    for name in old.keys().filter(|name| !found.contains_key(*name)) {
        let may_be_missing = !new.contains_key(name) || place.drops_views_along();
        assert!(may_be_missing, "{name} is missing after {told}");
    }
}

fn check_artifacts(target: &Path, told: &str) {
    for entry in std::fs::read_dir(target).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let read = serde_json::from_str::<serde_json::Value>(&text);
            assert!(read.is_ok(), "{} after {told}: {read:?}", path.display());
        }
    }
}
