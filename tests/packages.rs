//! `hetl deps` as a person runs it: a hub on 127.0.0.1, git repositories in temporary folders, archives that attack.

mod hub_server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hub_server::{HubServer, Member, archive};
use serde_json::json;
use tempfile::TempDir;

/// A project with its own home and cache.
struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Project {
    fn new(hub: Option<&HubServer>, packages: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut project = Self { folder, environment: Vec::new() };
        let hub = hub.map_or_else(|| "http://127.0.0.1:1/".to_owned(), HubServer::url);
        project.environment.push(("DBT_PACKAGE_HUB_URL".into(), hub));
        project.write("dbt_project.yml", "name: shop\n");
        project.write("packages.yml", packages);
        project
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// `hetl deps` with these arguments.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hetl"));
        command.arg("deps").args(args).current_dir(self.root());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("NO_COLOR", "1").env("CI", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `hetl deps`; the exit code and what was printed.
    fn deps(&self, args: &[&str]) -> (i32, String) {
        let output = self.command(args).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.code().unwrap_or(-1), text)
    }

    fn deps_ok(&self, args: &[&str]) -> String {
        let (code, said) = self.deps(args);
        assert_eq!(code, 0, "{said}");
        said
    }

    fn deps_fails(&self, args: &[&str]) -> String {
        let (code, said) = self.deps(args);
        assert_eq!(code, 2, "{said}");
        said
    }

    /// Names of installed packages.
    fn installed(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root().join("dbt_packages")) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Nothing unfinished lies about.
    fn assert_tidy(&self) {
        let names: Vec<String> = fs::read_dir(self.root())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(".hetl"))
            .collect();
        assert!(names.is_empty(), "{names:?}");
    }
}

#[test]
fn twenty_packages_install_and_a_second_run_needs_no_network() {
    let mut hub = HubServer::start();
    // Every package asks for the next two; the project asks for the first two.
    for number in 1..=20 {
        let wanted: Vec<_> = (number + 1..=number + 2)
            .filter(|next| *next <= 20)
            .map(|next| json!({"package": format!("org/p{next:02}"), "version": [">=1.0.0", "<2.0.0"]}))
            .collect();
        for version in ["0.9.0", "1.0.0", "1.1.0", "1.2.0-rc1", "2.0.0"] {
            hub.add(&format!("org/p{number:02}"), version, &json!(wanted));
        }
    }
    let project = Project::new(
        Some(&hub),
        "packages:\n  - package: org/p01\n    version: [\">=1.0.0\", \"<2.0.0\"]\n  - package: org/p02\n    version: 1.0.0\n",
    );
    let said = project.deps_ok(&[]);
    let names: Vec<String> = (1..=20).map(|number| format!("p{number:02}")).collect();
    assert_eq!(project.installed(), names);
    for words in [
        "Updating lock file in file path:",
        "Installing org/p20",
        "Installed from version 1.1.0",
        "Updated version available: 2.0.0",
        "Updates available for packages: org/p01, org/p02,",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(project.read("dbt_packages/p01/macros/version.sql").contains("1.1.0"));
    assert!(project.read("dbt_packages/p02/macros/version.sql").contains("1.0.0"));
    let lock = project.read("package-lock.yml");
    assert!(
        lock.starts_with("packages:\n  - name: p01\n    package: org/p01\n    version: 1.1.0\n  - name: p02\n"),
        "{lock}"
    );
    assert_eq!(hub.asked().iter().filter(|path| path.starts_with("/api/v1/org/p07")).count(), 1);

    let said = project.deps_ok(&[]);
    assert!(said.contains("20 packages are installed as package-lock.yml says"), "{said}");
    assert!(said.contains("Updates available for packages: org/p01"), "{said}");
    assert_eq!(hub.asked(), Vec::<String>::new());

    hub.stop();
    project.deps_ok(&[]);
    fs::remove_dir_all(project.root().join("dbt_packages")).unwrap();
    project.deps_ok(&[]);
    assert_eq!(project.installed(), names);
    assert_eq!(project.read("package-lock.yml"), lock);
    let said = project.deps_fails(&["--upgrade"]);
    assert!(said.contains("the package hub cannot be reached"), "{said}");
    assert_eq!(project.installed(), names);
    project.assert_tidy();
}

#[test]
fn conflicts_are_reported_whole() {
    let mut hub = HubServer::start();
    for version in ["1.0.0", "2.0.0"] {
        hub.add("org/base", version, &json!([]));
        hub.add("org/other", version, &json!([]));
    }
    hub.add("org/a", "1.0.0", &json!([{"package": "org/base", "version": ["<2.0.0"]}]));
    hub.add("org/old", "1.0.0", &json!([]));
    hub.change("org/old", "1.0.0", "require_dbt_version", json!([">=0.20.0", "<1.0.0"]));
    let project = Project::new(
        Some(&hub),
        "packages:\n  - {package: org/a, version: 1.0.0}\n  - {package: org/base, version: \">=2.0.0\"}\n  - {package: \
         org/other, version: 3.0.0}\n  - {package: org/old, version: 1.0.0}\n  - {package: org/none, version: 1.0.0}\n",
    );
    let said = project.deps_fails(&[]);
    for words in [
        "Version error for package org/base: Could not find a satisfactory version from options: ['>=2.0.0', '<2.0.0']",
        "asked for by packages.yml: >=2.0.0",
        "asked for by org/a 1.0.0: <2.0.0",
        "Could not find a matching compatible version for package org/other",
        "Compatible versions: ['1.0.0', '2.0.0']",
        "package org/old",
        "--no-version-check",
        "Package org/none was not found in the package index",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(project.installed().is_empty());
    assert!(!project.root().join("package-lock.yml").exists());

    project.write("packages.yml", "packages:\n  - {package: org/old, version: 1.0.0}\n");
    project.deps_ok(&["--no-version-check"]);
    assert_eq!(project.installed(), ["old"]);
    project.write("packages.yml", "packages:\n  - {package: org/old, version: \">=1.0,<2.0\"}\n");
    let said = project.deps_fails(&[]);
    assert!(said.contains("\">=1.0,<2.0\" is not a valid semantic version."), "{said}");
}

#[test]
fn names_are_unique() {
    let mut hub = HubServer::start();
    hub.add("org/twin", "1.0.0", &json!([]));
    hub.add("other/twin", "1.0.0", &json!([]));
    hub.add("org/shop", "1.0.0", &json!([]));
    let listed = |names: [&str; 2]| {
        let entries = names.map(|name| format!("  - {{package: {name}, version: 1.0.0}}\n"));
        format!("packages:\n{}", entries.concat())
    };
    let project = Project::new(Some(&hub), &listed(["org/twin", "other/twin"]));
    assert!(project.deps_fails(&[]).contains("Found duplicate project \"twin\""));
    project.write("packages.yml", &listed(["org/twin", "org/shop"]));
    assert!(project.deps_fails(&[]).contains("the same name as the root project \"shop\""));
    hub.change("org/twin", "1.0.0", "name", json!("../../evil"));
    project.write("packages.yml", "packages: [{package: org/twin, version: 1.0.0}]\n");
    assert!(project.deps_fails(&[]).contains("Invalid package name '../../evil'"));
    assert!(project.installed().is_empty());
}

#[test]
fn a_package_is_added_locked_and_upgraded() {
    let mut hub = HubServer::start();
    hub.add("org/a", "1.0.0", &json!([]));
    let project = Project::new(
        Some(&hub),
        "# ours\npackages: # all of them\n  - package: org/a\n    version: [\">=1.0.0\", \"<2.0.0\"] # one\n",
    );
    project.deps_ok(&["--lock"]);
    assert!(project.installed().is_empty());
    project.deps_ok(&[]);
    hub.add("org/a", "1.1.0", &json!([]));
    hub.add("org/b_c", "0.3.0", &json!([]));
    assert!(project.deps_ok(&[]).contains("1 package is installed"));
    let said = project.deps_ok(&["--upgrade", "--dry-run"]);
    assert!(said.contains("org/a from version 1.1.0"), "{said}");
    assert!(project.read("package-lock.yml").contains("version: 1.0.0"));
    project.deps_ok(&["--upgrade"]);
    assert!(project.read("package-lock.yml").contains("version: 1.1.0"));
    assert!(project.read("dbt_packages/a/dbt_project.yml").contains("1.1.0"));

    let said = project.deps_ok(&["--add-package", "org/b_c@>=0.1.0,<1.0.0"]);
    assert!(said.contains("Added new package org/b_c@>=0.1.0,<1.0.0 to "), "{said}");
    assert_eq!(project.installed(), ["a", "b_c"]);
    assert_eq!(
        project.read("packages.yml"),
        "# ours\npackages: # all of them\n  - package: org/a\n    version: [\">=1.0.0\", \"<2.0.0\"] # one\n  - package: \
         org/b_c\n    version:\n      - '>=0.1.0'\n      - <1.0.0\n"
    );
    assert!(project.deps_ok(&["--add-package", "org/b_c@0.3.0"]).contains("Found duplicate package"));
    assert!(project.read("packages.yml").ends_with("  - package: org/b_c\n    version: 0.3.0\n"));
    assert!(project.deps_fails(&["--add-package", "org/a"]).contains("names no version"));
    let before = project.read("packages.yml");
    assert!(project.deps_fails(&["--add-package", "org/a@9.0.0"]).contains("packages.yml is as it was before"));
    assert_eq!(project.read("packages.yml"), before);

    fs::remove_file(project.root().join("packages.yml")).unwrap();
    let said = project.deps_ok(&[]);
    assert!(said.contains("No packages were found in packages.yml"), "{said}");
    assert!(project.installed().is_empty());
    project.assert_tidy();
}

#[test]
fn a_hub_that_falters_is_asked_again() {
    let mut hub = HubServer::start();
    hub.add("org/a", "1.0.0", &json!([]));
    let project = Project::new(Some(&hub), "packages: [{package: org/a, version: 1.0.0}]\n");
    hub.fail_next(2);
    project.deps_ok(&[]);
    assert_eq!(project.installed(), ["a"]);

    // An archive that was damaged in the cache is downloaded again.
    let cache = project.folder.path().join("cache/hetl/packages/hub");
    let kept = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&kept).unwrap();
    fs::write(&kept, &whole[..whole.len() / 2]).unwrap();
    fs::remove_dir_all(project.root().join("dbt_packages")).unwrap();
    project.deps_ok(&[]);
    assert_eq!(project.installed(), ["a"]);
    assert_eq!(fs::read(&kept).unwrap(), whole);

    // What an interrupted run left is removed, and what was installed is found.
    project.write(".hetl-packages-abc/new/half/dbt_project.yml", "name: half\n");
    project.deps_ok(&["--upgrade"]);
    fs::remove_dir_all(project.root().join("dbt_packages")).unwrap();
    project.deps_ok(&[]);
    project.assert_tidy();
}

#[test]
fn an_interrupted_run_leaves_what_was_there() {
    let mut hub = HubServer::start();
    hub.add("org/a", "1.0.0", &json!([]));
    hub.add("org/a", "2.0.0", &json!([]));
    hub.add("org/b", "1.0.0", &json!([]));
    let project = Project::new(Some(&hub), "packages: [{package: org/a, version: 1.0.0}]\n");
    project.deps_ok(&[]);
    let archive = "/archives/org/b/1.0.0.tar.gz";
    hub.hold(Some(archive));
    project.write("packages.yml", "packages: [{package: org/a, version: 2.0.0}, {package: org/b, version: 1.0.0}]\n");
    let mut run = project.command(&[]).stdout(std::process::Stdio::null()).spawn().unwrap();
    hub.asked();
    let mut asked = Vec::new();
    while !asked.contains(&archive.to_owned()) {
        assert!(run.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(std::time::Duration::from_millis(20));
        asked.extend(hub.asked());
    }
    run.kill().unwrap();
    run.wait().unwrap();
    hub.hold(None);
    assert_eq!(project.installed(), ["a"]);
    assert!(project.read("dbt_packages/a/dbt_project.yml").contains("1.0.0"));
    project.deps_ok(&[]);
    assert_eq!(project.installed(), ["a", "b"]);
    project.assert_tidy();
}

#[test]
fn runs_at_one_time_wait_for_each_other() {
    let mut hub = HubServer::start();
    hub.add("org/a", "1.0.0", &json!([{"package": "org/b", "version": "1.0.0"}]));
    hub.add("org/b", "1.0.0", &json!([]));
    let project = Project::new(Some(&hub), "packages: [{package: org/a, version: 1.0.0}]\n");
    let runs: Vec<_> =
        (0..4).map(|_| project.command(&["--upgrade"]).stdout(std::process::Stdio::null()).spawn().unwrap()).collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(project.installed(), ["a", "b"]);
    project.assert_tidy();
}

#[test]
fn archives_that_reach_out_are_refused() {
    let mut hub = HubServer::start();
    hub.add("org/good", "1.0.0", &json!([]));
    let project_file = || Member::file("p/dbt_project.yml", "name: bad\n");
    let attacks = [
        vec![project_file(), Member::file("p/../../../evil", "x")],
        vec![project_file(), Member::file("/tmp/hetl-evil", "x")],
        vec![project_file(), Member::link("p/out", "/etc")],
        vec![project_file(), Member::link("p/out", "../../.."), Member::file("p/out/evil", "x")],
        vec![project_file(), Member::link("p/models", "../good/models")],
    ];
    let project = Project::new(Some(&hub), "packages: [{package: org/good, version: 1.0.0}]\n");
    project.deps_ok(&[]);
    for (at, members) in attacks.iter().enumerate() {
        let version = format!("1.0.{at}");
        hub.add_archive("org/bad", &version, &json!([]), archive(members));
        project.write(
            "packages.yml",
            &format!("packages: [{{package: org/good, version: 1.0.0}}, {{package: org/bad, version: {version}}}]\n"),
        );
        let said = project.deps_fails(&[]);
        assert!(said.contains("error[E0409]"), "{at}\n{said}");
        assert_eq!(project.installed(), ["good"], "{at}");
        assert!(!Path::new("/tmp/hetl-evil").exists());
        assert!(!project.folder.path().join("evil").exists());
        project.assert_tidy();
    }
    // As a tarball package too, over HTTP and from a file.
    let bad = archive(&attacks[0]);
    fs::write(project.root().join("bad.tgz"), &bad).unwrap();
    hub.serve("/bad.tgz", bad);
    for url in [format!("{}bad.tgz", hub.url()), "bad.tgz".into()] {
        project.write("packages.yml", &format!("packages: [{{tarball: \"{url}\", name: bad}}]\n"));
        assert!(project.deps_fails(&[]).contains("error[E0409]"), "{url}");
    }
}

#[test]
fn tarballs_come_from_urls_and_files() {
    let mut hub = HubServer::start();
    hub.add("org/base", "1.0.0", &json!([]));
    let members = [
        Member::file("thing-1.0/dbt_project.yml", "name: thing\n"),
        Member::file("thing-1.0/packages.yml", "packages: [{package: org/base, version: 1.0.0}]\n"),
    ];
    hub.serve("/thing.tar.gz", archive(&members));
    let project = Project::new(Some(&hub), "");
    let file = project.root().join("with space.tgz");
    fs::write(&file, archive(&[Member::file("local/dbt_project.yml", "name: local\n")])).unwrap();
    let file = format!("file://{}", file.display()).replace(' ', "%20");
    let url = format!("{}thing.tar.gz", hub.url());
    project.write(
        "packages.yml",
        &format!("packages:\n  - tarball: {url}\n    name: my_thing\n  - tarball: {file}\n    name: local\n"),
    );
    let said = project.deps_ok(&[]);
    assert!(said.contains(&format!("Installed from tarball (url: {url})")), "{said}");
    assert_eq!(project.installed(), ["base", "local", "my_thing"]);
    let lock = project.read("package-lock.yml");
    assert!(lock.starts_with(&format!("packages:\n  - name: my_thing\n    tarball: {url}\n")), "{lock}");
    hub.stop();
    assert!(project.deps_ok(&[]).contains("3 packages are installed"));
    hub.serve("/flat.tar.gz", Vec::new());
    fs::write(project.root().join("flat.tgz"), archive(&[Member::file("a", ""), Member::file("b", "")])).unwrap();
    project.write("packages.yml", "packages: [{tarball: flat.tgz, name: flat}]\n");
    assert!(project.deps_fails(&[]).contains("Incorrect structure for package extracted from flat.tgz"));
    project.write("packages.yml", "packages: [{tarball: none.tgz, name: flat}]\n");
    assert!(project.deps_fails(&[]).contains("there is no archive"));
}

#[test]
fn local_packages_are_linked() {
    let project = Project::new(None, "packages:\n  - local: ../a\n  - local: \"{{ env_var('B', 'lib/b') }}\"\n");
    project.write("../a/dbt_project.yml", "name: a\n");
    project.write("../a/dependencies.yml", "packages: [{local: inner/c}]\n");
    project.write("../a/inner/c/dbt_project.yml", "name: c\n");
    project.write("lib/b/dbt_project.yml", "name: b\n");
    let said = project.deps_ok(&[]);
    assert!(said.contains("Installing ../a") && said.contains("Installed from <local @ ../a>"), "{said}");
    assert_eq!(project.installed(), ["a", "b", "c"]);
    assert!(project.root().join("dbt_packages/a").is_symlink());
    assert_eq!(
        project.read("package-lock.yml").lines().take(7).collect::<Vec<_>>(),
        [
            "packages:",
            "  - local: ../a",
            "    name: a",
            "  - local: lib/b",
            "    name: b",
            "  - local: ../a/inner/c",
            "    name: c"
        ]
    );
    assert!(project.deps_ok(&[]).contains("3 packages are installed"));
    // Packages of an earlier installation do not survive, and what they point to does.
    project.write("packages.yml", "packages:\n  - local: lib/b\n");
    project.deps_ok(&[]);
    assert_eq!(project.installed(), ["b"]);
    assert!(project.root().join("../a/dbt_project.yml").is_file());
    project.write("packages.yml", "packages:\n  - local: lib/none\n");
    assert!(project.deps_fails(&[]).contains("there is no lib/none/dbt_project.yml"));
    project.write("dbt_project.yml", "name: shop\npackages-install-path: .\n");
    project.write("packages.yml", "packages:\n  - local: lib/b\n");
    assert!(project.deps_fails(&[]).contains("holds the project itself"));
}

/// A git repository.
struct Repository(PathBuf);

impl Repository {
    fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let repository = Self(folder.to_owned());
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository
    }

    fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]).args(args);
        let output = command.current_dir(&self.0).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits these files and returns the commit's id.
    fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn url(&self) -> String {
        format!("file://{}", self.0.display())
    }
}

#[test]
fn git_packages_are_pinned_to_commits() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(&folder.path().join("tools.git"));
    let first = repository.commit(&[("dbt_project.yml", "name: tools\n"), ("version", "first")]);
    repository.git(&["tag", "--annotate", "v1", "--message", "x"]);
    repository.git(&["branch", "v1"]);
    let second = repository.commit(&[("version", "second"), ("sub/pkg/dbt_project.yml", "name: sub\n")]);
    repository.git(&["branch", "feature"]);
    let third = repository.commit(&[("version", "third")]);
    let url = repository.url();
    let project = Project::new(None, "");
    let install = |revision: &str| {
        project.write("packages.yml", &format!("packages:\n  - git: {url}\n    {revision}\n"));
        let said = project.deps_ok(&[]);
        (project.read("dbt_packages/tools/version"), said)
    };
    for (revision, expected, commit) in [
        ("revision: v1", "first", &first),
        ("revision: feature", "second", &second),
        (&format!("revision: {first}"), "first", &first),
        ("warn-unpinned: false", "third", &third),
        (&format!("revision: \"{}\"", &second[..9]), "second", &second),
    ] {
        let (version, said) = install(revision);
        assert_eq!(version, expected, "{revision}");
        assert!(said.contains(&format!("Installed from revision {commit}")), "{said}");
        assert!(!said.contains("not pinned"), "{said}");
        let lock = project.read("package-lock.yml");
        assert!(lock.contains(&format!("  - git: {url}\n    name: tools\n    revision: {commit}\n")), "{lock}");
    }
    assert!(!project.root().join("dbt_packages/tools/.git").exists());
    assert!(install("revision: main").1.contains("is pinned to the branch \"main\""));
    assert!(install("subdirectory: ").1.contains("is not pinned"));
    project.write("packages.yml", &format!("packages:\n  - git: {url}\n"));
    assert!(project.deps_fails(&["--warn-error", "--upgrade"]).contains("is not pinned"));

    project.write(
        "packages.yml",
        &format!("packages:\n  - git: {url}\n    revision: {second}\n    subdirectory: sub/pkg\n"),
    );
    assert!(project.deps_ok(&[]).contains("and subdirectory sub/pkg"));
    assert_eq!(project.installed(), ["sub"]);
    let commit =
        format!("packages:\n  - git: {url}\n    name: sub\n    revision: {second}\n    subdirectory: sub/pkg\n");
    assert!(project.read("package-lock.yml").starts_with(&commit));

    // Without the repository: from the cache, and where nothing has changed not even from there.
    fs::rename(&repository.0, folder.path().join("gone")).unwrap();
    project.deps_ok(&[]);
    fs::remove_dir_all(project.root().join("dbt_packages")).unwrap();
    project.deps_ok(&[]);
    assert_eq!(project.installed(), ["sub"]);
    project.write("packages.yml", &format!("packages:\n  - git: {url}\n    revision: v2\n"));
    let said = project.deps_fails(&[]);
    assert!(said.contains("Error checking out spec='v2' for repo file://"), "{said}");
    assert_eq!(project.installed(), ["sub"]);
}

#[test]
fn git_revisions_must_agree_and_cannot_be_options() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(&folder.path().join("tools"));
    repository.commit(&[("dbt_project.yml", "name: tools\n")]);
    repository.git(&["tag", "v1"]);
    let url = repository.url();
    let project = Project::new(
        None,
        &format!("packages:\n  - {{git: \"{url}\", revision: v1}}\n  - {{git: \"{url}.git\", revision: v2}}\n"),
    );
    let said = project.deps_fails(&[]);
    assert!(said.contains("git dependencies should contain exactly one version."), "{said}");
    assert!(said.contains("contains: {'v1', 'v2'}"), "{said}");
    for entry in
        ["git: \"--upload-pack=touch evil\"", &format!("git: \"{url}\", revision: \"--upload-pack=touch evil\"")]
    {
        project.write("packages.yml", &format!("packages:\n  - {{{entry}}}\n"));
        project.deps_fails(&[]);
        assert!(!project.root().join("evil").exists());
    }
    project.write("packages.yml", &format!("packages:\n  - {{git: \"{url}\", revision: v1, subdirectory: ../..}}\n"));
    assert!(project.deps_fails(&[]).contains("has no folder"));
}

#[cfg(unix)]
#[test]
fn links_that_leave_a_repository_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(&folder.path().join("tools"));
    std::os::unix::fs::symlink("/etc", repository.0.join("out")).unwrap();
    std::os::unix::fs::symlink("dbt_project.yml", repository.0.join("in.yml")).unwrap();
    repository.commit(&[("dbt_project.yml", "name: tools\n")]);
    let project = Project::new(
        None,
        &format!("packages:\n  - {{git: \"{}\", revision: main, warn-unpinned: no}}\n", repository.url()),
    );
    project.deps_ok(&[]);
    assert!(project.root().join("dbt_packages/tools/in.yml").is_file());
    assert!(project.root().join("dbt_packages/tools/out").symlink_metadata().is_err());
}

#[test]
fn secrets_are_never_shown() {
    let hub = HubServer::start();
    let mut project = Project::new(Some(&hub), "");
    project.environment.push(("DBT_ENV_SECRET_TOKEN".into(), "s3cr3t".into()));
    let address = hub.url().replace("http://", "");
    for entry in [
        format!("git: \"http://{{{{ env_var('DBT_ENV_SECRET_TOKEN') }}}}@{address}x.git\""),
        format!("git: \"http://me:plaint0ken@{address}x.git\""),
        format!("tarball: \"http://me:{{{{ env_var('DBT_ENV_SECRET_TOKEN') }}}}@{address}x.tgz\", name: x"),
        format!("tarball: \"http://me:plaint0ken@{address}x.tgz\", name: x"),
    ] {
        project.write("packages.yml", &format!("packages:\n  - {{{entry}}}\n"));
        let said = project.deps_fails(&["--debug"]);
        assert!(said.contains("*****@127.0.0.1"), "{said}");
        let log = fs::read_to_string(project.root().join("logs/dbt.log")).unwrap_or_default();
        for text in [&said, &log] {
            assert!(!text.contains("s3cr3t"), "{text}");
        }
        // The line of packages.yml that an error points to is the user's own; nothing else repeats it.
        let told = said.lines().filter(|line| !line.contains("packages.yml") && !line.contains('|'));
        assert!(told.clone().all(|line| !line.contains("plaint0ken")), "{said}");
    }

    let members = [Member::file("x/dbt_project.yml", "name: x\n")];
    hub.serve("/x.tgz", archive(&members));
    project.write("packages.yml", &format!("packages:\n  - tarball: http://me:s3cr3t@{address}x.tgz\n    name: x\n"));
    let said = project.deps_ok(&[]);
    assert!(said.contains("package-lock.yml has asterisks in its place"), "{said}");
    assert!(!said.contains("s3cr3t") && !project.read("package-lock.yml").contains("s3cr3t"));
}

#[test]
fn private_packages_are_looked_for_at_their_provider() {
    let project = Project::new(None, "packages: [{private: org/repo, provider: bitbucket}]\n");
    assert!(project.deps_fails(&[]).contains("git provider `bitbucket` is not known"));
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(&folder.path().join("org/repo.git"));
    repository.commit(&[("dbt_project.yml", "name: mine\n")]);
    repository.git(&["tag", "v1"]);
    let mut project = Project::new(None, "packages: [{private: org/repo, provider: gitlab, revision: v1}]\n");
    let settings = project.root().join("gitconfig");
    let instead = format!("[url \"file://{}/\"]\n\tinsteadOf = git@gitlab.com:\n", folder.path().display());
    fs::write(&settings, instead).unwrap();
    project.environment.push(("GIT_CONFIG_GLOBAL".into(), settings.display().to_string()));
    project.deps_ok(&[]);
    assert_eq!(project.installed(), ["mine"]);
    assert!(project.read("package-lock.yml").contains("git: git@gitlab.com:org/repo.git"));
}
