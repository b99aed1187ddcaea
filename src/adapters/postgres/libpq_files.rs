//! The files that libpq reads beside the profile: `pg_service.conf` and `.pgpass`.

use std::path::{Path, PathBuf};

use super::credentials::{Address, invalid};
use crate::adapters::registry::Surroundings;
use crate::diagnostics::{Code, Diagnostic};

/// The options of the service that `PGSERVICE` names.
pub(super) fn service(surroundings: &Surroundings) -> Result<Vec<(String, String)>, Diagnostic> {
    let Some(name) = surroundings.variable("PGSERVICE") else { return Ok(Vec::new()) };
    let own = match surroundings.variable("PGSERVICEFILE") {
        Some(path) => Some(expand(path, surroundings)),
        None => surroundings.home.as_ref().map(|home| home.join(".pg_service.conf")),
    };
    let shared = surroundings.variable("PGSYSCONFDIR").map(|folder| Path::new(folder).join("pg_service.conf"));
    for path in own.iter().chain(&shared) {
        if let Some(options) = std::fs::read_to_string(path).ok().and_then(|text| section(&text, name)) {
            return Ok(options);
        }
    }
    let looked_at: Vec<_> = own.iter().chain(&shared).map(|path| path.display().to_string()).collect();
    Err(invalid(format!("the service `{name}` of PGSERVICE is not found"))
        .note(format!("looked at: {}", looked_at.join(", "))))
}

/// The options below `[name]`.
fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut options: Option<Vec<(String, String)>> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            if options.is_some() {
                break;
            }
            if header == name {
                options = Some(Vec::new());
            }
        } else if let (Some(options), Some((option, value))) = (&mut options, line.split_once('=')) {
            options.push((option.trim().to_owned(), value.trim().to_owned()));
        }
    }
    options
}

/// Where passwords are kept.
pub(super) fn password_file(surroundings: &Surroundings) -> Option<PathBuf> {
    match surroundings.variable("PGPASSFILE") {
        Some(path) => Some(expand(path, surroundings)),
        None => surroundings.home.as_ref().map(|home| home.join(".pgpass")),
    }
}

/// The password for a server, database and user, if the file has one. A file that others can read is not used.
pub(super) fn password(file: &Path, address: &Address, database: &str, user: &str) -> Option<String> {
    if !is_private(file) {
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    // A local socket's host is written as `localhost`.
    let host = if address.socket_path().is_some() { "localhost" } else { &address.host };
    let port = address.port.to_string();
    let wanted = [host, &port, database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut parts = split(line);
        let password = (parts.len() == 5).then(|| parts.pop()).flatten()?;
        let fits = parts.iter().zip(wanted).all(|(part, wanted)| part == "*" || part == wanted);
        fits.then_some(password)
    })
}

/// Said once an invocation: why the password file has no effect.
pub(super) fn password_file_warning(file: &Path) -> Option<Diagnostic> {
    (file.exists() && !is_private(file)).then(|| {
        Diagnostic::warning(Code::CONNECTION, format!("the password file {} is not used", file.display()))
            .note("others than its owner have access to it")
            .hint("take their access away: `chmod 0600`")
    })
}

fn is_private(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o077 == 0)
    }
    #[cfg(not(unix))]
    file.exists()
}

/// Fields between colons; a backslash makes the next character a plain one.
fn split(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let next = characters.next();
                parts.last_mut().into_iter().for_each(|part| part.extend(next));
            }
            // A password may have colons of its own.
            ':' if parts.len() < 5 => parts.push(String::new()),
            other => parts.last_mut().into_iter().for_each(|part| part.push(other)),
        }
    }
    parts
}

/// A path with `~` for the home folder; relative ones start in the project.
pub(super) fn expand(path: &str, surroundings: &Surroundings) -> PathBuf {
    if let (Some(rest), Some(home)) = (path.strip_prefix("~/"), &surroundings.home) {
        return home.join(rest);
    }
    surroundings.project_root.join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str) -> Address {
        Address { host: host.to_owned(), port: 5432 }
    }

    #[test]
    fn services_are_found_by_name() {
        let text = "# all\n[dev]\nhost=one\n\n[prod]\nhost = two\nport=5433\n[x]\nhost=no\n";
        let expected = [("host", "two"), ("port", "5433")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(section(text, "prod"), Some(expected.to_vec()));
        assert_eq!(section(text, "none"), None);
    }

    #[cfg(unix)]
    #[test]
    fn passwords_are_found_by_what_they_are_for() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass");
        std::fs::write(
            &file,
            "# mine\nother:*:*:*:no\ndb\\:1:5432:*:ann:a:b\\\\c\n*:*:shop:ann:second\nlocalhost:*:*:*:local\n",
        )
        .unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let find = |host: &str, database: &str| password(&file, &address(host), database, "ann");
        assert_eq!(find("db:1", "x").as_deref(), Some("a:b\\c"));
        assert_eq!(find("h", "shop").as_deref(), Some("second"));
        assert_eq!(find("/run", "x").as_deref(), Some("local"));
        assert_eq!(find("h", "x"), None);
        assert!(password_file_warning(&file).is_none());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(find("h", "shop"), None);
        assert!(password_file_warning(&file).unwrap().hint.unwrap().contains("chmod"));
    }
}
