//! Replays a run with one fault after the other, and looks at what is left.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::place::{Contents, Place};

const ACTIONS: [&str; 3] = ["kill", "error", "hang"];

/// How many runs of each scenario are replayed in CI.
const FEW: usize = 4;

/// A project that is built twice.
pub(super) struct Scenario {
    name: String,
    second_vars: String,
    files: Vec<(String, String)>,
    publishes_whole_run: bool,
    /// What the first build selects; everything if nothing.
    first: Vec<String>,
    /// Whether a build that makes everything anew ends where the second one ends, the snapshot aside.
    equals_rebuild: bool,
}

impl Scenario {
    /// `second_vars` are the variables of the second build.
    pub(super) fn new(name: &str, second_vars: &str, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self::of_files(name.to_owned(), second_vars, files)
    }

    pub(super) fn of_files(name: String, second_vars: &str, files: Vec<(String, String)>) -> Self {
        Self {
            name,
            second_vars: second_vars.to_owned(),
            files,
            publishes_whole_run: false,
            first: Vec::new(),
            equals_rebuild: false,
        }
    }

    /// The same with settings in `hetl.yml`.
    pub(super) fn with_settings(mut self, settings: &str) -> Self {
        self.name += &format!(" with `{}`", settings.trim().replace('\n', ", "));
        self.files.push(("hetl.yml".to_owned(), settings.to_owned()));
        self
    }

    /// The same where nothing but this is there before the build that is replayed.
    pub(super) fn built_for_the_first_time_after(self, selected: &str) -> Self {
        let first = vec!["--select".to_owned(), selected.to_owned()];
        Self { name: format!("{}, built for the first time,", self.name), first, ..self }
    }

    /// The same, whose incremental models end where a full refresh ends.
    pub(super) fn that_equals_a_rebuild(self) -> Self {
        Self { equals_rebuild: true, ..self }
    }

    /// The same with `--publish run`: all names are old, or all are new.
    pub(super) fn published_as_a_whole(self) -> Self {
        Self { name: format!("{}, published as a whole,", self.name), publishes_whole_run: true, ..self }
    }

    pub(super) fn write(&self, place: &Place) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = place.target_with_secret("{{ env_var('DBT_ENV_SECRET_CANARY') }}");
        let profiles = serde_json::json!({"p": {"target": "dev", "outputs": {"dev": target}}}).to_string();
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
        let printed = std::fs::File::create(project.join("printed.txt")).expect("a file can be made");
        command.stderr(printed.try_clone().expect("one more")).stdout(printed);
        command.env("HETL_FAULT_FILE", project.join("fault.txt")).env("DBT_ENV_SECRET_CANARY", CANARY);
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
    scenario.build(project, "{}", None).args(&scenario.first).status().expect("hetl can be started");
    place.save(project);
    let old = place.contents(project);
    let second = scenario.second_vars.as_str();
    let exit = run(second, Some("count"));
    let new = place.contents(project);
    place.assert_one_open_version(project);
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
        assert_no_secret(project, &told());
        check_copy(place, project, [&old, &new], &told());
        assert_eq!(run(second, None), exit, "the run after {}", told());
        // What is kept depends on whether the run that failed had published already.
        let [found, expected] = [place.contents(project), new.clone()].map(without_kept);
        assert_eq!(found, expected, "what there is after the run after {}", told());
        place.assert_one_open_version(project);
        check_copy(place, project, [&new, &new], &told());
        check_history(project, &told());
    }
    if scenario.equals_rebuild {
        let rebuilt =
            scenario.build(project, second, None).arg("--full-refresh").status().expect("hetl can be started");
        assert_eq!(rebuilt.code(), exit);
        assert_eq!(published(place.contents(project)), published(new), "a rebuild of {}", scenario.name);
    }
}

/// A secret of the profile.
pub(super) const CANARY: &str = "canary-of-the-faults-81f3";

/// Neither what was printed nor any file but the profile holds it.
fn assert_no_secret(folder: &Path, told: &str) {
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            assert_no_secret(&path, told);
            continue;
        }
        let bytes = std::fs::read(&path).expect("it can be read");
        let has_secret = bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
        assert!(!has_secret, "a secret is in {} after {told}", path.display());
    }
}

/// Every relation of the copy for readers is wholly old or wholly new.
fn check_copy(place: &Place, project: &Path, states: [&Contents; 2], told: &str) {
    let Some(copy) = place.contents_of_copy(project) else { return };
    let found = published(copy);
    for (name, rows) in &found {
        let is_known = states.iter().any(|state| state.get(name) == Some(rows));
        assert!(is_known, "{name} in the copy after {told} holds {rows:?}\none of {states:?}");
    }
}

/// If runs are recorded: the chain is whole, and every run has an end.
fn check_history(project: &Path, told: &str) {
    let settings = std::fs::read_to_string(project.join("hetl.yml")).unwrap_or_default();
    if !settings.contains("history: on") {
        return;
    }
    let ask = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hetl"));
        command.args(words).current_dir(project).env_remove("DBT_PROFILES_DIR").env("DBT_ENV_SECRET_CANARY", CANARY);
        let output = command.output().expect("hetl can be started");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (is_whole, printed) = ask(&["verify"]);
    assert!(is_whole, "the history after {told}: {printed}");
    let (_, printed) = ask(&["history", "--output", "json"]);
    assert!(!printed.contains("\"status\":\"started\""), "a run without an end after {told}: {printed}");
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
