//! The words for events of `deps`.

use super::Style;
use crate::events::Event;

/// What an event of `deps` says.
pub(super) fn deps_message(event: &Event, style: Style) -> Option<String> {
    Some(match event {
        Event::DepsNoPackagesFound { packages_filename } => {
            format!("Warning: No packages were found in {packages_filename}")
        }
        Event::DepsStartPackageInstall { package_name } => format!("Installing {package_name}"),
        Event::DepsInstallInfo { version_name } => format!("Installed from {version_name}"),
        Event::DepsUpdateAvailable { version_latest } => format!("Updated version available: {version_latest}"),
        Event::DepsUpToDate {} => "Up to date!".into(),
        Event::DepsListSubdirectory { subdirectory } => format!("and subdirectory {subdirectory}"),
        Event::DepsNotifyUpdatesAvailable { packages } => format!(
            "Updates available for packages: {}\nUpdate your versions in packages.yml, then run hetl deps",
            packages.join(", ")
        ),
        Event::DepsSetDownloadDirectory { path } => format!("Downloads are kept in '{path}'"),
        Event::DepsUnpinned { git, revision } => {
            let how = match revision.as_str() {
                "HEAD" => "is not pinned: its default branch is used".to_owned(),
                branch => format!("is pinned to the branch \"{branch}\""),
            };
            style.yellow(format!(
                "WARNING: the git package \"{git}\" {how}. What it does may change without notice. \
                 Name a tag or a commit as its revision, or set `warn-unpinned: false`"
            ))
        }
        Event::DepsLockUpdating { lock_filepath } => format!("Updating lock file in file path: {lock_filepath}"),
        Event::DepsAddPackage { package_name, packages_filepath, version } => {
            let at = if version.is_empty() { String::new() } else { format!("@{version}") };
            format!("Added new package {package_name}{at} to {packages_filepath}")
        }
        Event::DepsFoundDuplicatePackage { removed_package } => format!(
            "Found duplicate package in packages.yml, removing: {}",
            serde_json::to_string(removed_package).unwrap_or_default()
        ),
        Event::DepsScrubbedPackageName { package_name } => style.yellow(format!(
            "WARNING: packages.yml has a secret in {package_name}. package-lock.yml has asterisks in its place, so \
             packages cannot be installed from it again; write the secret as env_var('DBT_ENV_SECRET_…')"
        )),
        Event::DepsCreatingLocalSymlink {} => "Creating symlink to local dependency.".into(),
        Event::DepsSymlinkNotAvailable {} => "Symlinks are not available on this OS, copying dependency.".into(),
        Event::EnsureGitInstalled {} => style.red("git cannot be started; is it installed and on the PATH?"),
        Event::GitSparseCheckoutSubdirectory { subdir } => format!("Only the subdirectory {subdir} is used."),
        Event::GitProgressCheckoutRevision { revision } => format!("Checking out revision {revision}."),
        Event::GitProgressPullingNewDependency { dir } => format!("Pulling new dependency {dir}."),
        Event::GitProgressCheckedOutAt { end_sha } => format!("Checked out at {end_sha}."),
        Event::RegistryProgressGETRequest { url } => format!("Making package registry request: GET {url}"),
        Event::RegistryProgressGETResponse { resp_code, url } => {
            format!("Response from registry: GET {url} {resp_code}")
        }
        Event::RegistryIndexProgressGETRequest { url } => format!("Making package index registry request: GET {url}"),
        Event::RegistryIndexProgressGETResponse { resp_code, url } => {
            format!("Response from registry index: GET {url} {resp_code}")
        }
        Event::RetryExternalCall { attempt, max } => {
            format!("Retrying external call. Attempt: {attempt} Max attempts: {max}")
        }
        _ => return None,
    })
}
