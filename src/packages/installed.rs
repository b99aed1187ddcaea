//! What is installed, as `deps` left it: a note in the folder of packages, by which a second run sees that nothing is to be done.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::pinned::{Pin, Pinned};
use super::redact::Redaction;

/// The note. dbt passes over files in this folder, and removes it with the rest when it installs.
const NOTE: &str = ".hetl-packages.json";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    packages: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// The entry of the lock file.
    lock: BTreeMap<String, String>,
    /// The highest version that the hub had.
    latest: Option<String>,
}

fn entry(package: &Pinned, redaction: &Redaction) -> Entry {
    let lock = package.entry(redaction).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let latest = match &package.pin {
        Pin::Hub { latest, .. } => latest.clone(),
        _ => None,
    };
    Entry { lock, latest }
}

/// Leaves the note in a folder of packages.
pub(super) fn note(folder: &Path, packages: &[Pinned], redaction: &Redaction) -> io::Result<()> {
    let packages = packages.iter().map(|package| entry(package, redaction)).collect();
    fs::write(folder.join(NOTE), serde_json::to_vec_pretty(&Note { packages })?)
}

/// Whether exactly these packages are installed. Adds to them what the note knows of newer versions.
pub(super) fn are_installed(folder: &Path, packages: &mut [Pinned], redaction: &Redaction) -> bool {
    let Some(found) = fs::read(folder.join(NOTE)).ok().and_then(|text| serde_json::from_slice::<Note>(&text).ok())
    else {
        return false;
    };
    let is_same = found.packages.len() == packages.len()
        && found.packages.iter().zip(packages.iter()).all(|(found, wanted)| {
            found.lock == entry(wanted, redaction).lock && !wanted.may_change() && is_in_place(folder, wanted)
        });
    if is_same {
        for (found, package) in found.packages.into_iter().zip(packages) {
            if let Pin::Hub { latest, .. } = &mut package.pin {
                *latest = found.latest;
            }
        }
    }
    is_same
}

fn is_in_place(folder: &Path, package: &Pinned) -> bool {
    let Some(name) = &package.name else { return false };
    let place: PathBuf = folder.join(name);
    let is_package = place.join("dbt_project.yml").is_file();
    match &package.pin {
        // A copy may be older than its original.
        Pin::Local { folder, .. } => {
            let is_link = place.symlink_metadata().is_ok_and(|about| about.is_symlink());
            is_package && is_link && place.canonicalize().ok() == folder.canonicalize().ok()
        }
        _ => is_package,
    }
}
