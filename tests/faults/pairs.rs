//! Two runs at once on one target: they end as if one had come after the other, or one is refused and changes nothing.
//!
//! How many pairs of each kind are run is said by `HETL_PAIRS`.

use std::path::Path;
use std::process::{Command, Stdio};

use super::place::{Contents, Place};
use super::replay::{CANARY, Scenario};

/// Pairs of each kind in CI.
const FEW: usize = 1;
/// Exit code of a run that finds the target in use.
const IN_USE: i32 = 3;

const BUILD_2: &[&str] = &["build", "--vars", "{v: 2}"];
const BUILD_3: &[&str] = &["build", "--vars", "{v: 3}"];
const WHOLE_3: &[&str] = &["build", "--publish", "run", "--vars", "{v: 3}"];
const SNAPSHOT: &[&str] = &["snapshot", "--vars", "{v: 3}"];

const KINDS: [[&[&str]; 2]; 4] = [[BUILD_2, BUILD_3], [BUILD_2, SNAPSHOT], [SNAPSHOT, SNAPSHOT], [BUILD_2, WHOLE_3]];

/// Runs pairs of all kinds, of which each second one does not wait.
pub(super) fn run(scenario: &Scenario, place: &Place) {
    let folder = scenario.write(place);
    let project = folder.path();
    let count = std::env::var("HETL_PAIRS").map_or(FEW, |text| text.parse().expect("HETL_PAIRS is a number"));
    assert_eq!(alone(project, &["build"]), 0);
    place.save(project);
    for kind in KINDS {
        let after = |words: &[&[&str]]| {
            place.reset(project);
            for words in words {
                assert_eq!(alone(project, words), 0, "{words:?}");
            }
            published(place, project)
        };
        let [one, other] = kind;
        let orders = [after(&[one, other]), after(&[other, one])];
        let single = [after(&[one]), after(&[other])];
        for number in 0..2 * count {
            place.reset(project);
            let wait: &[&str] = if number % 2 == 0 { &["--wait", "60s"] } else { &[] };
            let children =
                kind.map(|words| command(project, &[words, wait].concat()).spawn().expect("hetl can be started"));
            let exits = children.map(|mut child| child.wait().expect("it ends").code());
            let found = published(place, project);
            match exits {
                [Some(0), Some(0)] => assert!(orders.contains(&found), "{kind:?} gave {found:?}\none of {orders:?}"),
                [Some(0), Some(IN_USE)] => assert_eq!(found, single[0], "{kind:?}"),
                [Some(IN_USE), Some(0)] => assert_eq!(found, single[1], "{kind:?}"),
                _ => panic!("{kind:?} ended with {exits:?}"),
            }
        }
    }
}

fn published(place: &Place, project: &Path) -> Contents {
    place.contents(project).into_iter().filter(|(name, _)| !name.ends_with("__hetl_previous")).collect()
}

fn alone(project: &Path, words: &[&str]) -> i32 {
    command(project, words).status().expect("hetl can be started").code().unwrap_or(-1)
}

fn command(project: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hetl"));
    command.args(words).current_dir(project).env_remove("DBT_PROFILES_DIR").env("DBT_ENV_SECRET_CANARY", CANARY);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
