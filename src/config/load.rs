//! From an invocation to a whole [`Config`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::flag_sources::{flags, path_flag};
use super::locate::{self, PROJECT_FILE, YamlFile, absolute, read_yaml};
use super::packages::{not_installed, package_specs};
use super::profile_file::{ProfileRequest, profile};
use super::project_file::{self, PathFlags};
use super::settings::{SETTINGS_FILE, Settings};
use super::template::{Said, TemplateScope, Templates};
use super::{Flags, Invocation, Overrides, PackageSpec, Profile, ProfileOrigin, Project, Vars};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use crate::yaml::{self, Node, Value};

/// Everything that is known before any model is read.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the process was given.
    pub invocation: Arc<Invocation>,
    /// The root project with its packages.
    pub project: Arc<Project>,
    /// The chosen target.
    pub profile: Arc<Profile>,
    /// All flags.
    pub flags: Arc<Flags>,
    /// All variables.
    pub vars: Arc<Vars>,
    /// The folder of `profiles.yml`, where one was found or named.
    pub profiles_dir: Option<PathBuf>,
    /// What `hetl.yml` says.
    pub settings: Arc<Settings>,
}

impl Config {
    /// dbt's `invocation_args_dict`: all flags, the command's own arguments, and where it ran, keys in order.
    pub fn invocation_args(&self) -> Map<String, Json> {
        let mut args = self.flags.to_json();
        args.insert("project_dir".into(), Json::from(self.project.root.to_string_lossy().into_owned()));
        if let Some(folder) = &self.profiles_dir {
            args.insert("profiles_dir".into(), Json::from(folder.to_string_lossy().into_owned()));
        }
        args.insert("vars".into(), Json::Object(self.vars.command_line().clone()));
        args.insert("which".into(), Json::from(self.invocation.which.as_str()));
        args.extend(self.invocation.args.clone());
        args.sort_keys();
        args
    }
}

/// A [`Config`] if one could be made, and everything there is to say.
#[derive(Debug)]
pub struct Loaded {
    /// None if there are errors.
    pub config: Option<Config>,
    /// Errors and warnings, in the order they were found.
    pub diagnostics: Diagnostics,
    /// Lines for the user that are neither errors nor warnings, such as which database is used without a profile.
    pub notes: Vec<String>,
}

/// Finds and reads project, packages and profile. Goes on after errors, to report as many as there are.
pub fn load(invocation: Invocation, overrides: &Overrides, sources: &SourceMap) -> Loaded {
    let mut loader = Loader {
        invocation,
        overrides,
        sources,
        diagnostics: Diagnostics::new(),
        notes: Vec::new(),
        flags: Map::new(),
        said: Said::default(),
    };
    let config = loader.config();
    loader.notes.extend(loader.said.take());
    let config = if loader.diagnostics.has_errors() { None } else { config };
    Loaded { config, diagnostics: loader.diagnostics, notes: loader.notes }
}

struct Loader<'a> {
    invocation: Invocation,
    overrides: &'a Overrides,
    sources: &'a SourceMap,
    diagnostics: Diagnostics,
    notes: Vec<String>,
    /// `flags`, once they are known.
    flags: Map<String, Json>,
    said: Said,
}

impl Loader<'_> {
    fn config(&mut self) -> Option<Config> {
        let root = self.diagnostics.collect(locate::project_dir(&self.invocation, self.overrides))?;
        let command_line = self.command_line_vars();
        let file = read_yaml(&root.join(PROJECT_FILE), PROJECT_FILE, self.sources, &mut self.diagnostics)?;
        let raw_flags = self.raw_flags(&file, &root);
        let flags = flags(&self.invocation, self.overrides, &raw_flags, self.sources, &mut self.diagnostics);
        self.flags = flags.to_json();
        if file.root.as_map().is_none() {
            self.project(&file, &root, &command_line, &flags, None);
            return None;
        }
        let (profiles_dir, named_by) = locate::profiles_dir(&self.invocation, self.overrides, &root);
        let profile = if self.needs_profile() {
            self.profile(&file, &root, &command_line, profiles_dir.clone(), named_by)
        } else {
            Some(Profile::unset())
        };
        let project = self.project(&file, &root, &command_line, &flags, profile.as_ref())?;
        let vars = Vars::new(command_line, &project);
        let settings = self.settings(&root);
        Some(Config {
            invocation: Arc::new(self.invocation.clone()),
            project: Arc::new(project),
            profile: Arc::new(profile?),
            flags: Arc::new(flags),
            vars: Arc::new(vars),
            profiles_dir,
            settings: Arc::new(settings),
        })
    }

    /// `flags` of the project, or what older profiles have as `config`.
    fn raw_flags(&mut self, file: &YamlFile, root: &Path) -> Map<String, Json> {
        let flags = project_file::raw_flags(file);
        let (Some(folder), _) = locate::profiles_dir(&self.invocation, self.overrides, root) else { return flags };
        // What is wrong with the profile is told where it is read.
        let Ok((source, text)) = locate::read_text(&folder.join("profiles.yml"), "profiles.yml", self.sources) else {
            return flags;
        };
        let tree = text.contains("config").then(|| yaml::parse_into(source, &text, &mut Diagnostics::new())).flatten();
        let Some((span, older)) = tree.as_ref().and_then(|tree| {
            let config = tree.get("config")?;
            Some((config.span, config.as_map().filter(|map| map.iter().next().is_some())?))
        }) else {
            return flags;
        };
        if !flags.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::INVALID_PROFILE,
                    format!("`config` in profiles.yml and `flags` in {PROJECT_FILE} cannot both be given"),
                )
                .at(span, "")
                .hint("remove `config`, the old place of flags"),
            );
            return flags;
        }
        self.diagnostics.push(
            Diagnostic::warning(Code::DEPRECATED, format!(
                    "User config should be moved from the 'config' key in profiles.yml to the 'flags' key in {PROJECT_FILE}."
                ))
                .named("ProjectFlagsMovedDeprecation")
                .at(span, ""),
        );
        super::reader::to_json(older)
    }

    fn settings(&mut self, root: &Path) -> Settings {
        let path = root.join(SETTINGS_FILE);
        let file = path.is_file().then(|| read_yaml(&path, SETTINGS_FILE, self.sources, &mut self.diagnostics));
        file.flatten().map(|file| Settings::new(file.root, &mut self.diagnostics)).unwrap_or_default()
    }

    fn needs_profile(&self) -> bool {
        !matches!(self.invocation.which.as_str(), "deps" | "clean")
    }

    /// Whether packages have to be installed for this command.
    fn needs_packages(&self) -> bool {
        !matches!(self.invocation.which.as_str(), "deps" | "clean" | "debug" | "init")
    }

    /// What templates of all files see.
    fn scope(&self) -> TemplateScope {
        TemplateScope { flags: self.flags.clone(), said: self.said.clone(), ..TemplateScope::default() }
    }

    fn templates<'s>(&self, scope: &TemplateScope, sources: &'s SourceMap) -> Templates<'s> {
        Templates::new(&self.invocation, scope, sources)
    }

    fn command_line_vars(&mut self) -> Map<String, Json> {
        let Some(text) = &self.overrides.vars else { return Map::new() };
        let source = self.sources.add("<--vars>", text.as_str());
        let Some(node) = yaml::parse_into(source, text, &mut self.diagnostics) else { return Map::new() };
        if let Value::Map(map) = &node.value {
            return super::reader::to_json(map);
        }
        self.diagnostics.push(
            Diagnostic::error(Code::USAGE, format!("--vars must be a mapping in YAML, not {}", node.type_name()))
                .at(Span::new(source, 0, text.len()), "")
                .hint("write it as --vars '{name: value}'"),
        );
        Map::new()
    }

    fn profile(
        &mut self,
        file: &YamlFile,
        root: &Path,
        vars: &Map<String, Json>,
        profiles_dir: Option<PathBuf>,
        named_by: Option<String>,
    ) -> Option<Profile> {
        let scope = TemplateScope { vars: vars.clone(), allow_secrets: true, ..self.scope() };
        let templates = self.templates(&scope, self.sources);
        let project_profile = match file.root.get("profile") {
            Some(Node { value: Value::Str(text), span }) => {
                match self.diagnostics.collect(templates.value(text, *span)) {
                    Some(Value::Str(name)) => Some((name, *span)),
                    Some(_) => None,
                    // Said already; without its name nothing more can be said of the profile.
                    None => return None,
                }
            }
            _ => None,
        };
        let request = ProfileRequest {
            invocation: &self.invocation,
            overrides: self.overrides,
            project_dir: root,
            project_name: file.root.get("name").and_then(Node::as_str).unwrap_or("project"),
            project_profile,
            profiles_dir,
            named_by,
        };
        let profile = profile(&request, &templates, self.sources, &mut self.diagnostics)?;
        if profile.origin == ProfileOrigin::Default {
            let path = profile.credentials.get("path").and_then(Json::as_str).unwrap_or_default();
            let shown = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
            self.notes.push(format!("No profiles.yml found: using the DuckDB file {shown} beside {PROJECT_FILE}"));
        }
        Some(profile)
    }

    fn project(
        &mut self,
        file: &YamlFile,
        root: &Path,
        vars: &Map<String, Json>,
        flags: &Flags,
        profile: Option<&Profile>,
    ) -> Option<Project> {
        let scope = TemplateScope {
            vars: vars.clone(),
            target: Some(profile.map(|profile| profile.target_fields(root)).unwrap_or_default()),
            allow_secrets: false,
            lenient_vars: self.invocation.which == "deps",
            ..self.scope()
        };
        let paths = PathFlags {
            target_path: path_flag(&self.invocation, self.overrides.target_path.as_ref(), "TARGET_PATH"),
            log_path: path_flag(&self.invocation, self.overrides.log_path.as_ref(), "LOG_PATH")
                .map(|path| absolute(&self.invocation.working_dir, &path)),
        };
        let templates = self.templates(&scope, self.sources);
        let mut project =
            project_file::project(file, root, &templates, &paths, flags.version_check, &mut self.diagnostics)?;
        project.selectors = self.selectors(root, &templates);
        let mut found = Diagnostics::new();
        project.package_specs = self.package_specs(root, "", vars, &mut found);
        self.diagnostics.extend(found);
        project.packages = self.packages(&project, &scope, flags);
        Some(project)
    }

    fn selectors(&mut self, root: &Path, templates: &Templates<'_>) -> Option<Node> {
        let path = root.join("selectors.yml");
        if !path.is_file() {
            return None;
        }
        let file = read_yaml(&path, "selectors.yml", self.sources, &mut self.diagnostics)?;
        Some(templates.tree(&file.root, &|_| false, &mut self.diagnostics)).filter(|node| !node.is_null())
    }

    fn package_specs(
        &self,
        root: &Path,
        shown: &str,
        vars: &Map<String, Json>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<PackageSpec> {
        let scope = TemplateScope { vars: vars.clone(), allow_secrets: true, ..self.scope() };
        package_specs(root, shown, &self.templates(&scope, self.sources), self.sources, diagnostics)
    }

    /// Installed packages in order of their folders' names, then local ones that are used where they are.
    /// None for commands that install or remove them: a broken package must not be in their way.
    fn packages(&mut self, root: &Project, scope: &TemplateScope, flags: &Flags) -> Vec<Arc<Project>> {
        if matches!(self.invocation.which.as_str(), "deps" | "clean") {
            return Vec::new();
        }
        // Packages do not see the variables of the command line while they are read.
        let scope = TemplateScope { vars: Map::new(), ..scope.clone() };
        let mut packages: Vec<Arc<Project>> = Vec::new();
        for folder in installed_folders(&root.packages_dir()) {
            if let Some(package) = self.package(root, &folder, &scope, flags) {
                self.add_package(root, &mut packages, package);
            }
        }
        let mut local: Vec<PathBuf> = local_folders(root);
        while !local.is_empty() {
            for folder in std::mem::take(&mut local) {
                let known = root.root == folder || packages.iter().any(|package| same_folder(&package.root, &folder));
                if known || !folder.join(PROJECT_FILE).is_file() {
                    continue;
                }
                let Some(package) = self.package(root, &folder, &scope, flags) else { continue };
                if packages.iter().any(|known| known.name == package.name) {
                    continue;
                }
                local.extend(local_folders(&package));
                self.add_package(root, &mut packages, package);
            }
        }
        if self.needs_packages() && packages.len() < root.package_specs.len() && !self.diagnostics.has_errors() {
            self.diagnostics.push(not_installed(root, packages.len(), self.sources));
        }
        packages
    }

    fn package(&mut self, root: &Project, folder: &Path, scope: &TemplateScope, flags: &Flags) -> Option<Project> {
        let shown = format!("{}/", root.display_path(folder));
        if !folder.join(PROJECT_FILE).is_file() {
            self.diagnostics.push(
                Diagnostic::error(Code::PACKAGE, format!("the package in {shown} has no {PROJECT_FILE}"))
                    .hint("remove the folder, or install the packages again"),
            );
            return None;
        }
        let name = format!("{shown}{PROJECT_FILE}");
        let file = read_yaml(&folder.join(PROJECT_FILE), &name, self.sources, &mut self.diagnostics)?;
        let mut found = Diagnostics::new();
        let templates = self.templates(scope, self.sources);
        let paths = PathFlags::default();
        let package = project_file::project(&file, folder, &templates, &paths, flags.version_check, &mut found);
        let package = package.map(|mut package| {
            package.package_specs = self.package_specs(folder, &shown, &Map::new(), &mut found);
            package
        });
        // What is merely old or unknown in a package is its author's business.
        self.diagnostics.extend(found.into_iter().filter(Diagnostic::is_error));
        package
    }

    fn add_package(&mut self, root: &Project, packages: &mut Vec<Arc<Project>>, package: Project) {
        let same =
            std::iter::once(root).chain(packages.iter().map(Arc::as_ref)).find(|other| other.name == package.name);
        if let Some(other) = same {
            let place = |project: &Project| Span::new(project.source, 0, 0);
            self.diagnostics.push(
                Diagnostic::error(Code::PACKAGE, format!("two packages are named `{}`", package.name))
                    .at(place(&package), "this package")
                    .at(place(other), "and this one")
                    .hint("packages and the project need different names"),
            );
            return;
        }
        packages.push(Arc::new(package));
    }
}

fn installed_folders(packages_dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(packages_dir) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("__")))
        .collect();
    folders.sort();
    folders
}

fn local_folders(project: &Project) -> Vec<PathBuf> {
    let local = project.package_specs.iter().filter(|spec| spec.kind == "local");
    local.map(|spec| absolute(&project.root, Path::new(&spec.location))).collect()
}

fn same_folder(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().ok().is_some_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
