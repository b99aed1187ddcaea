//! Puts packages into the folder of packages: all of them beside it first, then in its place at one stroke, so that a run that
//! is interrupted leaves what was there.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use super::archive::symlink;
use super::installed;
use super::pinned::{Pin, Pinned, check_folder_name};
use super::unpacked::unpack_one;
use super::work::Work;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;

/// Of the folder beside the packages' in which new ones are put together.
const STAGING: &str = ".hetl-packages-";
/// Downloads at one time.
const MOST_DOWNLOADS: usize = 8;

/// Installs these packages, and nothing else.
pub(super) fn install(work: &Work<'_>, mut packages: Vec<Pinned>) -> Result<Vec<Pinned>, Diagnostics> {
    let folder = folder(work)?;
    let parent = folder.parent().unwrap_or(work.root());
    let staging = begin(parent).map_err(|error| unwritable(parent, &error))?;
    let new = staging.path().join("new");
    fs::create_dir(&new).map_err(|error| unwritable(&new, &error))?;
    prefetch(work, &packages);
    for package in &mut packages {
        work.reporter.report(&Event::DepsStartPackageInstall { package_name: work.redaction.text(&package.shown()) });
        stage(work, package, staging.path(), &new)?;
        work.reporter.report(&Event::DepsInstallInfo { version_name: work.redaction.text(&package.version_name()) });
        report_updates(work, package);
    }
    installed::note(&new, &packages, work.redaction).map_err(|error| unwritable(&new, &error))?;
    publish(staging, &new, &folder).map_err(|error| unwritable(&folder, &error))?;
    Ok(packages)
}

/// Removes all packages, as dbt does where none are asked for.
pub(super) fn clear(work: &Work<'_>) -> Result<(), Diagnostics> {
    let folder = folder(work)?;
    let parent = folder.parent().unwrap_or(work.root());
    let clear = || {
        let staging = begin(parent)?;
        let new = staging.path().join("new");
        fs::create_dir(&new)?;
        publish(staging, &new, &folder)
    };
    Ok(clear().map_err(|error| unwritable(&folder, &error))?)
}

/// The folder of packages; a link to it is followed. One that holds the project would take the project with it.
fn folder(work: &Work<'_>) -> Result<PathBuf, Diagnostic> {
    let named = work.config.project.packages_dir();
    let folder = named.canonicalize().unwrap_or(named);
    let root = work.root().canonicalize().unwrap_or_else(|_| work.root().to_owned());
    if root.starts_with(&folder) || work.root().starts_with(&folder) {
        return Err(Diagnostic::error(
            Code::INVALID_PROJECT,
            format!("packages-install-path is {}, which holds the project itself", folder.display()),
        )
        .hint("name a folder of its own: all that is in it is replaced"));
    }
    Ok(folder)
}

/// A folder to put packages together in; what interrupted runs left is removed. The caller holds the lock.
fn begin(parent: &Path) -> io::Result<TempDir> {
    fs::create_dir_all(parent)?;
    for entry in fs::read_dir(parent)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    tempfile::Builder::new().prefix(STAGING).tempdir_in(parent)
}

fn report_updates(work: &Work<'_>, package: &Pinned) {
    match &package.pin {
        Pin::Hub { version, latest: Some(latest), .. } if version != latest => {
            work.reporter.report(&Event::DepsUpdateAvailable { version_latest: latest.clone() });
        }
        Pin::Hub { latest: Some(_), .. } => work.reporter.report(&Event::DepsUpToDate {}),
        Pin::Git { subdirectory: Some(subdirectory), .. } => {
            work.reporter.report(&Event::DepsListSubdirectory { subdirectory: subdirectory.clone() });
        }
        _ => {}
    }
}

/// Downloads several archives of the hub at a time. What fails is tried again, and reported, when its turn comes.
fn prefetch(work: &Work<'_>, packages: &[Pinned]) {
    let mut wanted = VecDeque::new();
    for package in packages {
        let Pin::Hub { package, version, .. } = &package.pin else { continue };
        let place = work.cache.hub_archive(work.hub.url(), package, version);
        if place.is_file() {
            continue;
        }
        let Ok(Some(known)) = work.hub.package(package) else { return };
        wanted.extend(known.versions.get(version).map(|version| (version.tarball.clone(), place)));
    }
    let threads = wanted.len().min(MOST_DOWNLOADS);
    if threads < 2 {
        return;
    }
    let (wanted, http, cache) = (Mutex::new(wanted), work.http, work.cache);
    let next = || wanted.lock().ok()?.pop_front();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((url, place)) = next() {
                    let Ok(scratch) = cache.scratch() else { return };
                    let unfinished = scratch.path().join("archive");
                    if http.download(&url, &unfinished).is_err() || cache.keep(&unfinished, &place).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

/// Puts one package into the new folder.
fn stage(work: &Work<'_>, package: &mut Pinned, staging: &Path, new: &Path) -> Result<(), Diagnostics> {
    let place = |name: &str| {
        check_folder_name(name, &work.config.project.packages_install_path)?;
        let place = new.join(name);
        if place.symlink_metadata().is_ok() {
            return Err(Diagnostic::error(
                Code::PACKAGE,
                format!("Found duplicate project \"{name}\": package-lock.yml names it twice"),
            )
            .hint("write it anew with `hetl deps --upgrade`"));
        }
        Ok(place)
    };
    match package.pin.clone() {
        Pin::Local { folder, location } => {
            let shown = work.config.project.display_path(&folder);
            let name = work.reader.metadata(&folder, &shown)?.name;
            let to = place(&name)?;
            link(work, &folder, &to).map_err(|error| unwritable(&to, &error).note(format!("from {location}")))?;
            package.name = Some(name);
        }
        Pin::Git { url, revision, subdirectory, .. } => {
            if url.contains("*****") {
                return Err(Diagnostic::error(
                    Code::PACKAGE,
                    format!("package-lock.yml has asterisks in place of a secret in {url}"),
                )
                .hint("write the secret as env_var('DBT_ENV_SECRET_…') in packages.yml, then run `hetl deps --upgrade`")
                .into());
            }
            let checkout = work.checkout(&url, &revision, subdirectory.as_deref())?;
            let name = match &package.name {
                Some(name) => name.clone(),
                None => work.reader.metadata(&checkout.folder, &work.redaction.text(&url))?.name,
            };
            let to = place(&name)?;
            copy(&checkout.folder, &to).map_err(|error| unwritable(&to, &error))?;
            package.name = Some(name);
        }
        Pin::Tarball { url, .. } => {
            let name = package.name.clone().unwrap_or_default();
            let archive = work.tarball(&url)?;
            let to = place(&name)?;
            unpack_to(work, &archive, &url, &name, staging, &to).map_err(|unusable| unusable.diagnostic)?;
        }
        Pin::Hub { package: id, version, latest } => {
            let known = if latest.is_none() && package.name.is_none() { work.hub.package(&id)? } else { None };
            let known = known.as_ref().and_then(|known| known.versions.get(&version));
            let name = package.name.clone().or_else(|| known.map(|known| known.name.clone()));
            let name = name.unwrap_or_else(|| id.rsplit('/').next().unwrap_or(&id).to_owned());
            let to = place(&name)?;
            let archive = work.hub_archive(&id, &version, false)?;
            let shown = format!("{id} {version}");
            if let Err(unusable) = unpack_to(work, &archive, &shown, &name, staging, &to) {
                if !unusable.is_damaged {
                    return Err(unusable.diagnostic.into());
                }
                let archive = work.hub_archive(&id, &version, true)?;
                if let Err(unusable) = unpack_to(work, &archive, &shown, &name, staging, &to) {
                    // It would be found there for ever.
                    let _ = fs::remove_file(archive);
                    return Err(unusable.diagnostic.into());
                }
            }
            package.name = Some(name);
        }
    }
    Ok(())
}

fn unpack_to(
    work: &Work<'_>,
    archive: &Path,
    url: &str,
    name: &str,
    staging: &Path,
    to: &Path,
) -> Result<(), super::unpacked::Unusable> {
    let failed = |error: io::Error| super::unpacked::Unusable { diagnostic: unwritable(to, &error), is_damaged: false };
    let scratch = tempfile::tempdir_in(staging).map_err(failed)?;
    let folder = unpack_one(work, archive, scratch.path(), url, name)?;
    fs::rename(folder, to).map_err(failed)
}

/// Links a local package, or copies it where there are no links.
fn link(work: &Work<'_>, from: &Path, to: &Path) -> io::Result<()> {
    let from = from.canonicalize()?;
    work.reporter.report(&Event::DepsCreatingLocalSymlink {});
    symlink(&from, to).or_else(|_| {
        work.reporter.report(&Event::DepsSymlinkNotAvailable {});
        copy(&from, to)
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, to) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            symlink(&target, &to).or_else(|_| fs::copy(entry.path(), &to).map(|_| ()))?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Puts the new folder in the place of the old one, which ends up in `staging` and is removed with it.
fn publish(staging: TempDir, new: &Path, folder: &Path) -> io::Result<()> {
    let done = if folder.symlink_metadata().is_err() {
        fs::rename(new, folder)
    } else {
        exchange(new, folder).or_else(|_| {
            let old = staging.path().join("old");
            fs::rename(folder, &old)?;
            fs::rename(new, folder).inspect_err(|_| {
                // Back to what was there; if that fails too, the first error says why.
                let _ = fs::rename(&old, folder);
            })
        })
    };
    // A folder that is a disk of its own can be filled and not replaced.
    done.or_else(|error| if folder.is_dir() { refill(new, folder) } else { Err(error) })?;
    staging.close()
}

/// Both change places at one stroke, where the system can do that.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Package after package; names that begin with `__` are no packages.
fn refill(new: &Path, folder: &Path) -> io::Result<()> {
    let inner = tempfile::Builder::new().prefix("__hetl-").tempdir_in(folder)?;
    let fresh = inner.path().join("new");
    copy(new, &fresh)?;
    for (at, entry) in fs::read_dir(folder)?.enumerate() {
        let entry = entry?;
        if entry.path() != inner.path() {
            fs::rename(entry.path(), inner.path().join(format!("old-{at}")))?;
        }
    }
    for entry in fs::read_dir(&fresh)? {
        let entry = entry?;
        fs::rename(entry.path(), folder.join(entry.file_name()))?;
    }
    inner.close()
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot install packages in {}: {error}", path.display()))
        .note("the packages that were there are still there")
}
