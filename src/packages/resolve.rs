//! From what is asked for to the packages that will be installed: those of the project, those that they ask for, and so on,
//! each at the one version that suits all who ask.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pinned::{Pin, Pinned, check_folder_name};
use super::request::{Asker, GitRequest, HubRequest, Origin, Request};
use super::version_range::{VersionRange, installable, satisfies};
use super::work::Work;
use crate::config::{DBT_VERSION, PackageSpec};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;

/// Requests in the order in which they came up, one for each package.
#[derive(Default)]
struct Listing(Vec<Request>);

impl Listing {
    /// Adds a request to the one for the same package, if there is one. Returns its place.
    fn incorporate(&mut self, request: Request) -> Result<usize, Diagnostic> {
        let names = request.names();
        if let Some(at) = self.0.iter().position(|known| names.contains(&known.names()[0])) {
            return self.0[at].incorporate(request).map(|()| at);
        }
        self.0.push(request);
        Ok(self.0.len() - 1)
    }

    fn add(&mut self, specs: &[PackageSpec], asker: &Asker, work: &Work<'_>, problems: &mut Diagnostics) {
        for spec in specs {
            let added = Request::new(spec, asker, work.root()).and_then(|request| self.incorporate(request));
            problems.collect(added);
        }
    }
}

/// A package that was chosen, with what it asks for.
struct Choice {
    pinned: Pinned,
    packages: Vec<PackageSpec>,
    asker: Asker,
}

/// Why none could be chosen.
enum Problem {
    /// No version suits all who ask. Others may ask yet; it is said in the end.
    Conflict(Diagnostic),
    /// Something cannot be fetched or read.
    Fatal(Diagnostics),
}

impl From<Diagnostic> for Problem {
    fn from(problem: Diagnostic) -> Self {
        Self::Fatal(problem.into())
    }
}

/// Chooses a version of each package that is asked for, directly or by another package. Conflicts are reported together.
pub(super) fn resolve(work: &Work<'_>, specs: &[PackageSpec]) -> Result<Vec<Pinned>, Diagnostics> {
    let mut problems = Diagnostics::new();
    let (mut pending, mut all) = (Listing::default(), Listing::default());
    let project = Asker { name: work.reader.specified_in().into(), folder: Some(work.root().to_owned()) };
    pending.add(specs, &project, work, &mut problems);
    let mut expanded = BTreeSet::new();
    while !pending.0.is_empty() {
        let mut next = Listing::default();
        for request in pending.0 {
            let Some(at) = problems.collect(all.incorporate(request)) else { continue };
            match choose(work, &all.0[at]) {
                Ok(choice) if expanded.insert((choice.pinned.shown(), choice.pinned.version_name())) => {
                    next.add(&choice.packages, &choice.asker, work, &mut problems);
                }
                Ok(_) | Err(Problem::Conflict(_)) => {}
                Err(Problem::Fatal(fatal)) => {
                    problems.extend(fatal);
                    return Err(problems);
                }
            }
        }
        pending = next;
    }
    let mut chosen = Vec::new();
    for request in &all.0 {
        match choose(work, request) {
            Ok(choice) => chosen.push((request, choice.pinned)),
            Err(Problem::Conflict(conflict)) => problems.push(conflict),
            Err(Problem::Fatal(fatal)) => problems.extend(fatal),
        }
    }
    check_names(work, &chosen, &mut problems);
    for (request, pinned) in &chosen {
        problems.collect(warn(work, request, pinned));
    }
    if problems.has_errors() { Err(problems) } else { Ok(chosen.into_iter().map(|(_, pinned)| pinned).collect()) }
}

fn check_names(work: &Work<'_>, chosen: &[(&Request, Pinned)], problems: &mut Diagnostics) {
    let root = &work.config.project;
    let mut seen: Vec<(&str, &Request)> = Vec::new();
    for (request, pinned) in chosen {
        let Some(name) = pinned.name.as_deref() else { continue };
        if let Err(problem) = check_folder_name(name, &root.packages_install_path) {
            problems.push(problem.at(request.asked[0].span, "asked for here"));
        }
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == name) {
            problems.push(
                request
                    .problem(format!(
                        "Found duplicate project \"{name}\". This occurs when a dependency has the same project name as \
                         some other dependency"
                    ))
                    .at(other.asked[0].span, format!("the other one, asked for by {}", other.asked[0].by))
                    .hint("ask for one of them, and at one place"),
            );
        } else if name == root.name {
            problems.push(
                request
                    .problem(format!(
                        "Found a dependency with the same name as the root project \"{name}\". Package names must be \
                         unique in a project"
                    ))
                    .hint("rename the project or the package"),
            );
        }
        seen.push((name, request));
    }
}

/// Says what is fine now and may not be later.
fn warn(work: &Work<'_>, request: &Request, pinned: &Pinned) -> Result<(), Diagnostic> {
    let place = request.asked[0].span;
    if let Origin::Git(git) = &request.origin {
        let revision = git.revisions.first().map_or("HEAD", String::as_str);
        if git.warn_unpinned && matches!(revision, "HEAD" | "main" | "master") {
            let url = work.redaction.text(&git.url);
            let event = Event::DepsUnpinned { git: url.clone(), revision: revision.to_owned() };
            work.warn("DepsUnpinned", &event, || {
                Diagnostic::error(Code::PACKAGE, format!("the git package {url} is not pinned"))
                    .at(place, format!("revision {revision}"))
                    .hint("name a tag or a commit, or set `warn-unpinned: false`")
            })?;
        }
    }
    if let Origin::Hub(hub) = &request.origin {
        let known = work.hub.package(&hub.package)?;
        if let Some(new) = known.as_ref().and_then(|known| known.moved_to.as_ref()) {
            let warning = Diagnostic::warning(
                Code::DEPRECATED,
                format!("The `{}` package is deprecated in favor of `{new}`", hub.package),
            )
            .field("old_name", hub.package.as_str())
            .field("new_name", new.as_str())
            .at(place, "")
            .hint(format!("ask for {new} instead"));
            work.warn_of("PackageRedirectDeprecation", warning)?;
        }
    }
    let (Pin::Git { url_unrendered: written, .. } | Pin::Tarball { url_unrendered: written, .. }) = &pinned.pin else {
        return Ok(());
    };
    let scrubbed = work.redaction.secrets(written);
    if scrubbed == *written {
        return Ok(());
    }
    work.warn("DepsScrubbedPackageName", &Event::DepsScrubbedPackageName { package_name: scrubbed.clone() }, || {
        Diagnostic::error(Code::PACKAGE, format!("the address {scrubbed} has a secret in it"))
            .at(place, "")
            .hint("write it as env_var('DBT_ENV_SECRET_…')")
    })
}

fn choose(work: &Work<'_>, request: &Request) -> Result<Choice, Problem> {
    match &request.origin {
        Origin::Hub(hub) => choose_version(work, request, hub),
        Origin::Git(git) => choose_commit(work, request, git),
        Origin::Local { location, folder } => {
            let shown = work.config.project.display_path(folder);
            let metadata = work.reader.metadata(folder, &shown).map_err(|problems| placed(request, problems))?;
            Ok(Choice {
                pinned: Pinned {
                    name: Some(metadata.name),
                    pin: Pin::Local { location: location.clone(), folder: folder.clone() },
                },
                packages: metadata.packages,
                asker: Asker { name: location.clone(), folder: Some(folder.clone()) },
            })
        }
        Origin::Tarball { url, url_unrendered, name } => {
            let archive = work.tarball(url).map_err(|problem| problem.at(request.asked[0].span, "asked for here"))?;
            let (_scratch, folder) = super::unpacked::unpacked(work, &archive, url, name)?;
            let shown = format!("{}:", work.redaction.text(url));
            let metadata = work.reader.metadata(&folder, &shown).map_err(|problems| placed(request, problems))?;
            Ok(Choice {
                pinned: Pinned {
                    name: Some(name.clone()),
                    pin: Pin::Tarball { url: url.clone(), url_unrendered: url_unrendered.clone() },
                },
                packages: metadata.packages,
                asker: Asker { name: name.clone(), folder: None },
            })
        }
    }
}

/// Problems with a package's own files, with the place where it is asked for.
fn placed(request: &Request, problems: Diagnostics) -> Problem {
    let asked = &request.asked[0];
    let place = |problem: Diagnostic| problem.at(asked.span, format!("asked for by {}", asked.by));
    Problem::Fatal(problems.into_iter().map(place).collect())
}

fn choose_commit(work: &Work<'_>, request: &Request, git: &GitRequest) -> Result<Choice, Problem> {
    let revisions: BTreeSet<&str> = git.revisions.iter().map(String::as_str).collect();
    let name = super::request::in_subdirectory(&git.url, git.subdirectory.as_deref());
    let shown = work.redaction.text(&name);
    if revisions.len() > 1 {
        let listed: Vec<String> = revisions.iter().map(|revision| format!("'{revision}'")).collect();
        let message =
            format!("git dependencies should contain exactly one version. {shown} contains: {{{}}}", listed.join(", "));
        return Err(Problem::Conflict(request.problem(message)));
    }
    let revision = revisions.first().copied().unwrap_or("HEAD");
    let checkout = work
        .checkout(&git.url, revision, git.subdirectory.as_deref())
        .map_err(|problem| problem.at(request.asked[0].span, format!("asked for by {}", request.asked[0].by)))?;
    let metadata = work.reader.metadata(&checkout.folder, &shown).map_err(|problems| placed(request, problems))?;
    Ok(Choice {
        pinned: Pinned {
            name: Some(metadata.name),
            pin: Pin::Git {
                url: git.url.clone(),
                url_unrendered: git.url_unrendered.clone(),
                revision: checkout.sha,
                subdirectory: git.subdirectory.clone(),
            },
        },
        packages: metadata.packages,
        asker: Asker { name: shown, folder: None },
    })
}

fn choose_version(work: &Work<'_>, request: &Request, hub: &HubRequest) -> Result<Choice, Problem> {
    let package = &hub.package;
    let listed = work.hub.lists(package)?;
    let Some(known) = (if listed { work.hub.package(package)? } else { None }) else {
        return Err(Problem::Conflict(
            request
                .problem(format!("Package {package} was not found in the package index"))
                .note(format!("the index is that of {}", work.redaction.text(work.hub.url()))),
        ));
    };
    let range = VersionRange::reduce(&hub.versions).map_err(|_| {
        let options: Vec<String> = hub.versions.iter().map(|version| format!("'{version}'")).collect();
        Problem::Conflict(request.problem(format!(
            "Version error for package {package}: Could not find a satisfactory version from options: [{}]",
            options.join(", ")
        )))
    })?;
    let checks_version = work.config.flags.version_check;
    let compatible = known
        .versions
        .iter()
        .filter(|(_, version)| !checks_version || satisfies(DBT_VERSION, &version.require_dbt_version))
        .map(|(number, _)| number.as_str());
    let prereleases = hub.install_prerelease || hub.versions.iter().any(|version| version.prerelease.is_some());
    let installable = installable(compatible, prereleases);
    let Some(version) = range.highest(&installable) else {
        let shown: Vec<String> = installable.iter().map(|version| format!("'{version}'")).collect();
        let problem = request
            .problem(format!("Could not find a matching compatible version for package {package}"))
            .note(format!("Requested range: {range}"))
            .note(format!("Compatible versions: [{}]", shown.join(", ")));
        return Err(Problem::Conflict(if checks_version {
            problem.hint(
                "versions that do not suit this version of dbt are not shown; to take them too, run with --no-version-check",
            )
        } else {
            problem
        }));
    };
    let details = &known.versions[version];
    Ok(Choice {
        packages: hub_packages(work, package, version, &details.packages)?,
        pinned: Pinned {
            name: Some(details.name.clone()),
            pin: Pin::Hub {
                package: package.clone(),
                version: version.to_owned(),
                latest: installable.last().map(|&latest| latest.to_owned()),
            },
        },
        asker: Asker { name: format!("{package} {version}"), folder: None },
    })
}

fn hub_packages(work: &Work<'_>, package: &str, version: &str, packages: &Value) -> Result<Vec<PackageSpec>, Problem> {
    if packages.as_array().is_none_or(Vec::is_empty) {
        return Ok(Vec::new());
    }
    // JSON is YAML.
    let text = serde_json::to_string_pretty(&serde_json::json!({ "packages": packages })).unwrap_or_default();
    let file = format!("{}api/v1/{package}.json, version {version}", work.redaction.text(work.hub.url()));
    work.reader.listed(&file, &text).map_err(Problem::Fatal)
}
