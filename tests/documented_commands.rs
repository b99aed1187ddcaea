//! `docs/reference/commands.md` against the executable: every command and flag has its row, and no row is of something gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

const SHARED: &str = "Options of all commands";

/// Sections by heading, each with the flags that it names.
type Flags = BTreeMap<String, BTreeSet<String>>;

fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(command)
        .arg("--help")
        .env("NO_COLOR", "1")
        .output()
        .expect("hetl can be started");
    assert!(output.status.success(), "hetl {} --help", command.join(" "));
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

/// The flag that a line of help or a cell of a table begins with: `-s, --select <SELECTOR>...`.
fn flag(text: &str) -> Option<String> {
    let name: String =
        text.split_once("--")?.1.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (!name.is_empty() && name != "help").then_some(name)
}

/// Adds what the help of a command says, and of the commands below it.
fn collect_help(command: &[&str], found: &mut Flags) {
    let text = help(command);
    let own = if command.is_empty() { None } else { Some(format!("`hetl {}`", command.join(" "))) };
    if let Some(own) = &own {
        found.entry(own.clone()).or_default();
    }
    let mut heading = "";
    for line in text.lines() {
        if !line.starts_with(' ') && line.ends_with(':') {
            heading = line.trim_end_matches(':');
        } else if heading == "Commands" {
            // The name stands two blanks in; further lines of a description stand deeper.
            let name =
                line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')).and_then(|rest| rest.split(' ').next());
            if let Some(name) = name.filter(|name| !name.is_empty() && *name != "help") {
                collect_help(&[command, &[name]].concat(), found);
            }
        } else if line.trim_start().starts_with('-') {
            let section = if heading == SHARED { Some(SHARED.to_owned()) } else { own.clone() };
            if let (Some(section), Some(flag)) = (section, flag(line)) {
                found.entry(section).or_default().insert(flag);
            }
        }
    }
}

/// The page's sections, with the first flag of each row of their tables.
fn page() -> Flags {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/commands.md");
    let text = fs::read_to_string(path).expect("the page is there");
    let mut found = Flags::new();
    let mut section = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = Some(heading.to_owned());
            found.entry(heading.to_owned()).or_default();
        } else if let (Some(section), Some(flag)) = (&section, line.strip_prefix("| `").and_then(flag)) {
            found.entry(section.clone()).or_default().insert(flag);
        }
    }
    found
}

#[test]
fn every_command_and_flag_is_in_the_reference() {
    let mut known = Flags::new();
    collect_help(&[], &mut known);
    assert!(known.len() > 10, "the commands are not found in the help: {known:?}");
    let documented = page();
    let mut problems = Vec::new();
    for (one, other, what) in [(&known, &documented, "missing"), (&documented, &known, "not there any more")] {
        for (section, flags) in one {
            let Some(others) = other.get(section) else {
                problems.push(format!("## {section}: {what}"));
                continue;
            };
            problems.extend(flags.difference(others).map(|flag| format!("## {section}: `--{flag}`: {what}")));
        }
    }
    assert!(problems.is_empty(), "docs/reference/commands.md:\n{}", problems.join("\n"));
}
