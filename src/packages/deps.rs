//! The whole of `deps`: add, resolve, lock, install.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::add_package::{self, NewPackage};
use super::cache::Cache;
use super::http::Http;
use super::hub::Hub;
use super::install::{clear, install};
use super::installed::are_installed;
use super::lock_file::{self, LockFile};
use super::pinned::{Pin, Pinned};
use super::redact::Redaction;
use super::request::{Asker, Request};
use super::resolve::resolve;
use super::work::Work;
use crate::config::{Config, PackageReader, PackageSpec};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::events::{Event, Reporter};
use crate::yaml;

/// What `deps` is told on the command line.
#[derive(Debug, Clone, Default)]
pub struct DepsOptions {
    /// Write the lock file and install nothing.
    pub lock: bool,
    /// Choose versions anew.
    pub upgrade: bool,
    /// Resolve, report, and write nothing.
    pub dry_run: bool,
    /// Add this package to the package file first.
    pub add_package: Option<NewPackage>,
}

/// Brings the packages of a project to where its package files want them.
pub fn deps(
    config: &Config,
    sources: &SourceMap,
    reporter: &dyn Reporter,
    options: &DepsOptions,
) -> Result<(), Diagnostics> {
    let cache = Cache::open(&config.invocation)?;
    let redaction = Redaction::new(&config.invocation);
    let http = Http::new(&config.invocation, reporter);
    let work = Work {
        config,
        sources,
        reporter,
        reader: PackageReader::new(config, sources),
        redaction: &redaction,
        cache: &cache,
        http: &http,
        hub: Hub::new(&config.invocation, &http, &redaction, reporter),
        fetched: std::cell::RefCell::default(),
    };
    reporter.report(&Event::DepsSetDownloadDirectory { path: cache.root().display().to_string() });
    let _lock = lock(&work);
    let before = options.add_package.as_ref().map(|package| add(&work, package, options.dry_run)).transpose()?;
    let chosen = choose(&work, options);
    if chosen.is_err() {
        before.as_ref().map(|before| before.restore(&work)).transpose()?;
    }
    let Some(mut pinned) = chosen? else { return Ok(()) };
    if options.lock || options.dry_run {
        return Ok(());
    }
    if are_installed(&work.config.project.packages_dir(), &mut pinned, work.redaction) {
        let count = pinned.len();
        let are = if count == 1 { "1 package is".to_owned() } else { format!("{count} packages are") };
        reporter.report(&Event::Note { msg: format!("{are} installed as {} says", LockFile::shown()) });
    } else {
        pinned = install(&work, pinned)?;
    }
    report_newer(&work, &pinned);
    Ok(())
}

/// What is to be installed: as the lock file says, or chosen anew. Nothing where no packages are asked for.
fn choose(work: &Work<'_>, options: &DepsOptions) -> Result<Option<Vec<Pinned>>, Diagnostics> {
    let specs = work.reader.of_project()?;
    if specs.is_empty() {
        let packages_filename = listing_file(work.root()).into();
        work.reporter.report(&Event::DepsNoPackagesFound { packages_filename });
        if !options.lock && !options.dry_run {
            clear(work)?;
        }
        return Ok(None);
    }
    let file = LockFile::of(work.root());
    let is_kept = !options.upgrade && file.fits(&specs);
    let pinned = if is_kept { of_lock(work, &file)? } else { relock(work, &specs, &file, options.dry_run)? };
    if options.dry_run {
        report_plan(work, &pinned, is_kept);
    }
    Ok(Some(pinned))
}

/// A package file as it was.
struct Before {
    path: PathBuf,
    text: Option<String>,
}

impl Before {
    /// Puts it back: a package that cannot be had was not added.
    fn restore(&self, work: &Work<'_>) -> Result<(), Diagnostics> {
        match &self.text {
            Some(text) => replace(&self.path, text)?,
            None => fs::remove_file(&self.path).or_else(|error| {
                let is_gone = error.kind() == std::io::ErrorKind::NotFound;
                if is_gone { Ok(()) } else { Err(unwritable(&self.path, &error)) }
            })?,
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        work.reporter.report(&Event::Note { msg: format!("{name} is as it was before: nothing was added") });
        Ok(())
    }
}

/// Held while packages are replaced, so that two runs do not do that at once. Without one, the work goes on.
fn lock(work: &Work<'_>) -> Option<File> {
    let folder = work.config.project.packages_dir();
    let path = work.cache.lock_file(&folder.canonicalize().unwrap_or(folder));
    fs::create_dir_all(path.parent()?).ok()?;
    let file = File::create(path).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Adds a package to the file that lists packages.
fn add(work: &Work<'_>, package: &NewPackage, dry_run: bool) -> Result<Before, Diagnostics> {
    let name = listing_file(work.root());
    let path = work.root().join(name);
    let before = Before { text: fs::read_to_string(&path).ok(), path };
    let text = before.text.as_deref().unwrap_or_default();
    let root = yaml::parse(work.sources.add(name, text), text)?;
    let edited = add_package::add(text, &root, package);
    for removed in edited.removed {
        work.reporter.report(&Event::DepsFoundDuplicatePackage { removed_package: redacted(work, removed) });
    }
    if dry_run {
        work.reporter.report(&Event::Note { msg: format!("{name} would be:\n{}", work.redaction.text(&edited.text)) });
        return Ok(before);
    }
    if before.text.is_none() {
        work.reporter.report(&Event::Formatting { msg: format!("Created {name}") });
    }
    replace(&before.path, &edited.text)?;
    work.reporter.report(&Event::DepsAddPackage {
        package_name: work.redaction.text(&package.name),
        packages_filepath: before.path.display().to_string(),
        version: package.version.clone().unwrap_or_default(),
    });
    Ok(before)
}

fn redacted(
    work: &Work<'_>,
    entry: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    let hide = |value: serde_json::Value| value.as_str().map_or(value.clone(), |text| work.redaction.text(text).into());
    entry.into_iter().map(|(key, value)| (key, hide(value))).collect()
}

/// `dependencies.yml` where that lists packages, else `packages.yml`.
fn listing_file(root: &Path) -> &'static str {
    let name = "dependencies.yml";
    let Ok(text) = fs::read_to_string(root.join(name)) else { return "packages.yml" };
    let tree = yaml::parse(SourceMap::new().add(name, text.as_str()), &text);
    if tree.is_ok_and(|tree| tree.get("packages").is_some()) { name } else { "packages.yml" }
}

/// Chooses versions and writes the lock file.
fn relock(work: &Work<'_>, specs: &[PackageSpec], file: &LockFile, dry_run: bool) -> Result<Vec<Pinned>, Diagnostics> {
    let pinned = resolve(work, specs)?;
    if !dry_run {
        let entries: Vec<_> = pinned.iter().map(|package| package.entry(work.redaction)).collect();
        replace(&file.path, &lock_file::write(&entries, specs))?;
        work.reporter.report(&Event::DepsLockUpdating { lock_filepath: file.path.display().to_string() });
    }
    Ok(pinned)
}

/// The packages that the lock file names.
fn of_lock(work: &Work<'_>, file: &LockFile) -> Result<Vec<Pinned>, Diagnostics> {
    let text = file.text.as_deref().unwrap_or_default();
    let asker = Asker { name: LockFile::shown().into(), folder: None };
    let specs = work.reader.listed(LockFile::shown(), text)?;
    let pinned: Result<Vec<Pinned>, Diagnostic> = specs
        .iter()
        .map(|spec| Request::new(spec, &asker, work.root()).and_then(|request| Pinned::of_lock(spec, request)))
        .collect();
    Ok(pinned?)
}

fn report_plan(work: &Work<'_>, pinned: &[Pinned], is_kept: bool) {
    let what = if is_kept { "stays as it is" } else { "would be written anew" };
    let lines: Vec<String> =
        pinned.iter().map(|package| format!("  {} from {}", package.shown(), package.version_name())).collect();
    let msg = format!("{} {what}. To be installed:\n{}", LockFile::shown(), lines.join("\n"));
    work.reporter.report(&Event::Note { msg: work.redaction.text(&msg) });
}

fn report_newer(work: &Work<'_>, pinned: &[Pinned]) {
    let newer: Vec<String> = pinned
        .iter()
        .filter_map(|package| match &package.pin {
            Pin::Hub { package, version, latest: Some(latest) } if version != latest => Some(package.clone()),
            _ => None,
        })
        .collect();
    if !newer.is_empty() {
        work.reporter.report(&Event::blank());
        work.reporter.report(&Event::DepsNotifyUpdatesAvailable { packages: newer });
    }
}

/// Writes a file beside its place and renames it into it.
fn replace(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".hetl-").tempfile_in(folder)?;
        fs::write(file.path(), text)?;
        let permissions = fs::metadata(path).map(|about| about.permissions());
        #[cfg(unix)]
        let permissions = permissions.or_else(|_| {
            use std::os::unix::fs::PermissionsExt;
            std::io::Result::Ok(fs::Permissions::from_mode(0o644))
        });
        if let Ok(permissions) = permissions {
            fs::set_permissions(file.path(), permissions)?;
        }
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).map_err(|error: std::io::Error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write {}: {error}", path.display()))
}
