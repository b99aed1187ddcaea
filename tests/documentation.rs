//! The documentation against the executable and against itself: every command and flag has its row in
//! `docs/reference/commands.md`, no row is of something gone, and every link between pages leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
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

/// Every page: `README.md`, `project/README.md`, and all below `docs/`.
fn pages() -> Vec<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![package.join("README.md"), package.join("project/README.md")];
    let mut folders = vec![package.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of docs can be listed") {
            let path = entry.expect("an entry of docs can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// Numbered lines of a page that are not in a code block.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        (!in_code && !is_fence).then_some((at + 1, line))
    })
}

/// The anchors of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let anchor = |heading: &str| -> String {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    let headings = prose(text).map(|(_, line)| line).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut problems = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("pages are UTF-8");
        for (number, line) in prose(&text) {
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if link.contains("://") {
                    continue;
                }
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
                let found =
                    fs::read_to_string(&target).is_ok_and(|text| anchor.is_empty() || anchors(&text).contains(anchor));
                if !found {
                    problems.push(format!("{}:{number}: {link}", page.display()));
                }
            }
        }
    }
    assert!(problems.is_empty(), "links that lead nowhere:\n{}", problems.join("\n"));
}
