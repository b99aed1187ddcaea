use std::collections::BTreeMap;

use serde_json::json;
use tempfile::TempDir;

use super::super::{ConfigKind, IndirectSelection, LogFormat};
use super::*;
use crate::adapters::RelationParts;
use crate::diagnostics::render;

const PROFILES: &str = "\
shop:
  target: \"{{ env_var('WHERE', 'dev') }}\"
  outputs:
    dev: {type: duckdb, path: dev.duckdb, schema: main, threads: 3}
    prod:
      type: duckdb
      path: \"{{ env_var('PROD_PATH') }}\"
      password: \"pre-{{ env_var('DBT_ENV_SECRET_WORD') }}\"
      threads: \"{{ env_var('N', '8') | as_number }}\"
";

/// A project on disk, the environment and the flags with which it is loaded.
struct Case {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    overrides: Overrides,
    which: &'static str,
}

impl Case {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        }
        Self { folder, environment: BTreeMap::new(), overrides: Overrides::default(), which: "build" }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    fn with(mut self, set: impl FnOnce(&mut Overrides)) -> Self {
        set(&mut self.overrides);
        self
    }

    fn load(&self) -> (Loaded, String) {
        let sources = SourceMap::new();
        let mut invocation = Invocation::fixed(self.which, self.folder.path());
        invocation.environment = self.environment.clone();
        let loaded = load(invocation, &self.overrides, &sources);
        let said = loaded.diagnostics.iter().map(|problem| render::text(problem, &sources)).collect();
        (loaded, said)
    }

    fn config(&self) -> Config {
        let (loaded, said) = self.load();
        loaded.config.unwrap_or_else(|| panic!("it should load:\n{said}"))
    }

    fn problems(&self) -> String {
        self.load().1
    }
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn the_smallest_project_has_all_defaults() {
    let case = Case::new(&[("dbt_project.yml", "name: shop\nprofile: shop\n"), ("profiles.yml", PROFILES)]);
    let (loaded, said) = case.load();
    assert_eq!(said, "");
    assert!(loaded.notes.is_empty());
    let config = loaded.config.expect("it loads");
    let project = &config.project;
    assert_eq!(project.name, "shop");
    assert_eq!(project.paths.model, ["models"]);
    assert_eq!(project.paths.docs, ["models", "seeds", "snapshots", "analyses", "macros", "tests", "functions"]);
    assert_eq!(project.target_dir(), case.folder.path().join("target"));
    assert_eq!(project.clean_targets, [PathBuf::from("target")]);
    assert_eq!(project.query_comment.comment, None);
    let profile = &config.profile;
    assert_eq!((profile.target_name.as_str(), profile.threads), ("dev", 3));
    assert_eq!(profile.credentials, *json!({"path": "dev.duckdb", "schema": "main"}).as_object().expect("it is one"));
    assert_eq!(config.flags.behavior["require_generic_test_arguments_property"], true);
}

#[test]
fn without_a_profile_there_is_a_duckdb_file_and_a_note() {
    let case = Case::new(&[("dbt_project.yml", "name: shop\nprofile: elsewhere\n")]);
    let (loaded, said) = case.load();
    assert_eq!(said, "");
    assert_eq!(loaded.notes, ["No profiles.yml found: using the DuckDB file shop.duckdb beside dbt_project.yml"]);
    let profile = loaded.config.expect("it loads").profile;
    assert_eq!(profile.origin, ProfileOrigin::Default);
    assert_eq!(profile.adapter_type, "duckdb");
    assert!(profile.credentials["path"].as_str().expect("it is text").ends_with("/shop.duckdb"));

    let asked = Case::new(&[("dbt_project.yml", "name: shop\n")]).with(|o| o.profile = Some("x".into()));
    assert!(asked.problems().contains("the profile `x` is asked for"));
}

#[test]
fn the_project_is_found_upwards_or_where_it_is_named() {
    let case = Case::new(&[("a/dbt_project.yml", "name: shop\n"), ("a/models/deep/x.sql", "")]);
    let sources = SourceMap::new();
    let deep = Invocation::fixed("build", case.folder.path().join("a/models/deep"));
    let found = load(deep, &Overrides::default(), &sources).config.expect("it is found upwards");
    assert_eq!(found.project.root, case.folder.path().join("a"));
    assert!(case.problems().contains("error[E0401]: no dbt_project.yml here or in a folder above"));
    let named = case.env("DBT_PROJECT_DIR", "./a/../a").config();
    assert_eq!(named.project.root, found.project.root);
}

#[test]
fn targets_and_secrets_come_from_the_environment() {
    let case = Case::new(&[("dbt_project.yml", "name: shop\nprofile: shop\n"), ("profiles.yml", PROFILES)])
        .env("WHERE", "prod")
        .env("PROD_PATH", "p.duckdb")
        .env("DBT_ENV_SECRET_WORD", "hush");
    let profile = case.config().profile;
    assert_eq!((profile.target_name.as_str(), profile.threads), ("prod", 8));
    assert_eq!(profile.credentials["password"], "pre-hush");
    assert_eq!(profile.secrets.hide("pre-hush or hush"), "***** or *****");
    assert!(!profile.target_fields(case.folder.path()).contains_key("password"));
    assert_eq!(profile.target_fields(case.folder.path())["profile_name"], "shop");

    let dev = case.with(|o| {
        o.target = Some("dev".into());
        o.threads = Some(11);
    });
    assert_eq!(dev.config().profile.threads, 11);
}

#[test]
fn missing_profiles_targets_and_variables_are_named() {
    let files = [("dbt_project.yml", "name: shop\nprofile: shopp\n"), ("profiles.yml", PROFILES)];
    assert_eq!(
        Case::new(&files).problems(),
        "\
error[E0403]: Could not find profile named 'shopp' in profiles.yml
  --> dbt_project.yml:2:10
   |
 2 | profile: shopp
   |          ^^^^^ asked for here
note: profiles in profiles.yml: shop
hint: a similar name exists: `shop`
"
    );
    let case = Case::new(&files).with(|o| {
        o.profile = Some("shop".into());
        o.target = Some("prd".into());
    });
    let said = case.problems();
    assert!(said.contains("does not have a target named 'prd'"), "{said}");
    assert!(said.contains("hint: a similar name exists: `prod`"), "{said}");
    let said = Case::new(&files).with(|o| o.profile = Some("shop".into())).env("WHERE", "prod").problems();
    assert!(said.contains("error[E0307]: the environment variable `PROD_PATH` is not set"), "{said}");
    assert!(said.contains("--> profiles.yml:7:"), "{said}");
}

#[test]
fn project_files_are_rendered_except_what_is_rendered_later() {
    let project = "\
name: shop
profile: shop
model-paths: [\"{{ var('folder', 'models') }}\"]
on-run-start: \"select '{{ this }}'\"
on-run-end: [\"a {{ x }}\", \"b\"]
query-comment: {comment: \"{{ node }}\", append: true}
vars:
  later: \"{{ var('x') }}\"
models:
  shop:
    +enabled: \"{{ target.name == 'dev' }}\"
    +schema: \"s_{{ target.threads }}\"
    +pre-hook: \"{{ this }}\"
";
    let config = Case::new(&[("dbt_project.yml", project), ("profiles.yml", PROFILES)])
        .with(|o| o.vars = Some("{folder: sql}".into()))
        .config();
    let project = &config.project;
    assert_eq!(project.paths.model, ["sql"]);
    assert_eq!(project.on_run_start[0].sql, "select '{{ this }}'");
    assert_eq!(project.on_run_end.len(), 2);
    assert_eq!(project.query_comment.comment.as_deref(), Some("{{ node }}"));
    assert!(project.query_comment.append);
    assert_eq!(config.vars.get("shop", "later"), Some(&json!("{{ var('x') }}")));
    assert_eq!(config.vars.get("shop", "folder"), Some(&json!("sql")));
    let levels = |fqn: &[&str]| {
        let chain = project.node_configs("shop", ConfigKind::Models, &strings(fqn));
        let level = |level: Vec<(&str, &Node)>| {
            Json::Object(level.into_iter().map(|(key, value)| (key.to_owned(), value.to_json())).collect())
        };
        chain.own.into_iter().map(level).collect::<Vec<_>>()
    };
    assert_eq!(
        levels(&["shop", "a", "b"]),
        [json!({}), json!({"enabled": true, "schema": "s_3", "pre-hook": "{{ this }}"})]
    );
}

#[test]
fn configs_by_folder_follow_dbts_rules() {
    let root = "\
name: shop
models:
  materialized: view
  +meta: {a: 1}
  shop:
    tags: [x]
    staging:
      +meta: {b: 2}
      persist_docs: {relation: true}
      orders: {+materialized: table}
  other: {+schema: root_says}
";
    let other = "name: other\nmodels: {other: {+schema: own, deep: {+alias: z}}}\n";
    let config = Case::new(&[("dbt_project.yml", root), ("dbt_packages/other/dbt_project.yml", other)]).config();
    let keys = |package: &str, fqn: &[&str]| {
        let chain = config.project.node_configs(package, ConfigKind::Models, &strings(fqn));
        let names = |levels: Vec<super::super::ConfigLevel<'_>>| {
            levels
                .into_iter()
                .map(|level| level.into_iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        (names(chain.own), names(chain.overriding))
    };
    assert_eq!(
        keys("shop", &["shop", "staging", "orders"]).0,
        [vec!["materialized", "meta"], vec!["tags"], vec!["meta"], vec!["materialized"]]
    );
    assert_eq!(
        keys("other", &["other", "deep", "m"]),
        (
            vec![vec![], strings(&["schema"]), strings(&["alias"])],
            vec![strings(&["materialized", "meta"]), strings(&["schema"])]
        )
    );
    let tree = config.project.config_tree(ConfigKind::Models).expect("it is there");
    let paths: Vec<String> = tree.paths().into_iter().map(|(path, _)| path.join(".")).collect();
    assert_eq!(paths, ["shop.staging.persist_docs", "shop.staging.orders", "shop.staging", "shop", "other", ""]);
}

#[test]
fn variables_of_packages_are_weaker_than_the_projects_and_the_command_lines() {
    let root = "name: shop\nvars: {a: root, b: root, other: {b: root_for_other}}\n";
    let other = "name: other\nvars: {a: own, b: own, c: own, other: {c: own_scoped}, d: own}\n";
    let config = Case::new(&[("dbt_project.yml", root), ("dbt_packages/other/dbt_project.yml", other)])
        .with(|o| o.vars = Some("d: cli".into()))
        .config();
    let get = |package, name| config.vars.get(package, name).and_then(Json::as_str);
    assert_eq!(
        ["a", "b", "c", "d"].map(|name| get("other", name)),
        ["root", "root_for_other", "own_scoped", "cli"].map(Some)
    );
    assert_eq!(["a", "b", "c"].map(|name| get("shop", name)), [Some("root"), Some("root"), None]);
    assert_eq!(config.vars.merged("other")["b"], "root_for_other");
}

#[test]
fn flags_come_from_command_line_environment_project_and_default() {
    let project = "name: shop\nflags: {fail_fast: true, log_format: json, indirect_selection: cautious, use_colors: false, printer_width: 99, validate_macro_args: true}\n";
    let files = [("dbt_project.yml", project)];
    let flags = Case::new(&files).config().flags;
    assert!(flags.fail_fast && flags.behaves("validate_macro_args") && !flags.full_refresh);
    assert_eq!((flags.log_format, flags.indirect_selection), (LogFormat::Json, IndirectSelection::Cautious));
    assert_eq!((flags.use_colors, flags.printer_width), (Some(false), 99));

    let case = Case::new(&files)
        .env("DBT_FAIL_FAST", "no")
        .env("DBT_ENGINE_LOG_FORMAT", "TEXT")
        .env("DBT_LOG_FORMAT", "debug")
        .env("HETL_FULL_REFRESH", "1");
    let flags = case.config().flags;
    assert!(!flags.fail_fast && flags.full_refresh);
    assert_eq!(flags.log_format, LogFormat::Text);
    assert!(case.with(|o| o.fail_fast = Some(true)).config().flags.fail_fast);

    let said = Case::new(&files).env("DBT_FAIL_FAST", "perhaps").problems();
    assert_eq!(said, "error[E0103]: DBT_FAIL_FAST is `perhaps`, and must be true or false\n");
    let said = Case::new(&[("dbt_project.yml", "name: shop\nflags: {fail_fst: true}\n")]).problems();
    assert!(said.contains("unknown flag `fail_fst`") && said.contains("`fail_fast`"), "{said}");
}

#[test]
fn folders_of_flags_win_and_old_keys_warn() {
    let project = "name: shop\nsource-paths: [m]\ndata-paths: [d]\ntarget-path: t\nlog-path: logs\n";
    let case = Case::new(&[("dbt_project.yml", project)]);
    let (loaded, said) = case.load();
    let found = loaded.config.expect("they are warnings").project;
    assert_eq!((found.paths.model[0].as_str(), found.paths.seed[0].as_str()), ("m", "d"));
    assert_eq!(found.target_path, PathBuf::from("t"));
    assert_eq!(said.matches("warning[W0408]").count(), 3, "{said}");
    let elsewhere = case.env("DBT_TARGET_PATH", "/elsewhere/x").config();
    assert_eq!(elsewhere.project.target_dir(), PathBuf::from("/elsewhere/x"));
}

#[test]
fn all_errors_of_a_project_are_reported_at_once() {
    let project = "\
name: 9lives
profile: shop
model-paths: models
modles: {}
quoting: {schema: maybe, identifer: true}
dispatch: [{macro_namespace: dbt}]
require-dbt-version: [\">=1.0.0\", \"<1.5.0\", \"one\"]
models: [a]
on-run-end: 3
seeds:
  +enabled: \"{{ env_var('NOT_SET') }}\"
";
    let said = Case::new(&[("dbt_project.yml", project), ("profiles.yml", PROFILES)]).problems();
    for expected in [
        "error[E0402]: `9lives` cannot be the name of a project\n  --> dbt_project.yml:1:7",
        "error[E0202]: `model-paths` in dbt_project.yml must be a list of strings, not a string\n  --> dbt_project.yml:3:14",
        "hint: write model-paths: [\"models\"]",
        "warning[W0204]: unknown key `modles` in dbt_project.yml\n  --> dbt_project.yml:4:1",
        "hint: a similar name exists: `models`",
        "error[E0202]: `quoting.schema` in dbt_project.yml must be a boolean, not a string\n  --> dbt_project.yml:5:19",
        "hint: a similar name exists: `identifier`",
        "error[E0402]: an entry of `dispatch` needs",
        "error[E0405]: this project wants dbt <1.5.0; hetl works as dbt 1.11.16\n  --> dbt_project.yml:7:34",
        "error[E0402]: `one` is not a version range",
        "error[E0202]: `models` in dbt_project.yml must be a mapping, not a list",
        "error[E0202]: `on-run-end` in dbt_project.yml must be SQL",
        "error[E0307]: the environment variable `NOT_SET` is not set\n   --> dbt_project.yml:11:",
    ] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
}

#[test]
fn the_version_check_can_be_left_out() {
    let case = Case::new(&[("dbt_project.yml", "name: shop\nrequire-dbt-version: \">=2.0.0,<3.0.0\"\n")]);
    assert!(case.problems().contains("error[E0405]: this project wants dbt >=2.0.0"));
    let config = case.with(|o| o.version_check = Some(false)).config();
    assert_eq!(config.project.require_dbt_version, [">=2.0.0", "<3.0.0"]);
}

#[test]
fn packages_must_be_installed_except_local_ones() {
    let files = [
        ("dbt_project.yml", "name: shop\n"),
        ("packages.yml", "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.0.0\n"),
    ];
    let said = Case::new(&files).problems();
    assert!(
        said.contains(
            "error[E0406]: dbt found 1 package(s) specified in packages.yml, but only 0 package(s) installed"
        ),
        "{said}"
    );
    assert!(said.contains("Run \"dbt deps\" to install package dependencies"), "{said}");
    let mut deps = Case::new(&files);
    deps.which = "deps";
    let config = deps.config();
    assert_eq!(config.profile.origin, ProfileOrigin::Unset);
    assert_eq!(config.project.package_specs[0].values["version"], "1.0.0");

    let local = Case::new(&[
        ("p/dbt_project.yml", "name: shop\n"),
        ("p/packages.yml", "packages: [{local: \"{{ env_var('NEXT', '../q') }}\"}]\n"),
        ("q/dbt_project.yml", "name: q\n"),
        ("q/dependencies.yml", "packages: [{local: ../r}]\n"),
        ("r/dbt_project.yml", "name: r\nunknown: 1\n"),
    ])
    .with(|o| o.project_dir = Some("p".into()));
    let project = local.config().project;
    assert_eq!(project.all().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["shop", "q", "r"]);
    assert_eq!(local.problems(), "");
}

#[test]
fn wrong_packages_are_refused() {
    let said = Case::new(&[
        ("dbt_project.yml", "name: shop\n"),
        (
            "packages.yml",
            "packages:\n  - package: dbt_utils\n  - foo: 1\n  - git: ''\n  - local: x\n    versoin: 1\nprojects: []\n",
        ),
    ])
    .problems();
    for expected in [
        "`dbt_utils` is not the name of a package on the hub",
        "the package `dbt_utils` has no version",
        "an entry of `packages` in packages.yml names no package",
        "`git` in packages.yml must be a string that is not empty",
        "unknown key `versoin` in a local package",
        "`projects` cannot be in packages.yml",
    ] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
    let said = Case::new(&[("dbt_project.yml", "name: shop\n"), ("dbt_packages/x/dbt_project.yml", "name: shop\n")])
        .problems();
    assert!(said.contains("two packages are named `shop`"), "{said}");
}

#[test]
fn broken_files_are_errors_with_places() {
    let said = Case::new(&[("dbt_project.yml", "name: 'shop\n")]).problems();
    assert!(said.contains("error[E0201]") && said.contains("--> dbt_project.yml:1:7"), "{said}");
    let said = Case::new(&[("dbt_project.yml", "- a\n")]).problems();
    assert!(said.contains("error[E0402]: dbt_project.yml must be a mapping, not a list"), "{said}");
    let said = Case::new(&[("dbt_project.yml", "")]).problems();
    assert!(said.contains("error[E0402]: dbt_project.yml must be a mapping, not null"), "{said}");
    let said = Case::new(&[("dbt_project.yml", "version: 1.0.0\n")]).problems();
    assert!(said.contains("error[E0203]: dbt_project.yml has no `name`"), "{said}");
    let case = Case::new(&[("dbt_project.yml", "")]);
    std::fs::write(case.folder.path().join("dbt_project.yml"), b"name: \xff\n").expect("it can be written");
    assert!(case.problems().contains("error[E0102]: dbt_project.yml is not UTF-8 text: line 1"));
    let said = Case::new(&[("dbt_project.yml", "name: shop\n")]).with(|o| o.vars = Some("[1]".into())).problems();
    assert!(said.contains("error[E0103]: --vars must be a mapping in YAML, not a list"), "{said}");
    let said = Case::new(&[(
        "dbt_project.yml",
        "name: a{{ env_var('DBT_ENV_SECRET_X') }}\nversion: \"{{ env_var('DBT_ENV_SECRET_X') }}\"\n",
    )])
    .problems();
    assert!(said.contains("error[E0309]"), "{said}");
}

#[test]
fn quoting_and_dispatch_are_the_root_projects() {
    let project = "name: shop\nquoting: {database: true, identifier: false}\ndispatch: [{macro_namespace: dbt, search_order: [shop, dbt]}]\n";
    let project = Case::new(&[("dbt_project.yml", project)]).config().project;
    assert_eq!(project.search_order("dbt"), Some(strings(&["shop", "dbt"]).as_slice()));
    assert_eq!(project.search_order("x"), None);
    let default = RelationParts { database: false, schema: true, identifier: true };
    assert_eq!(project.resolved_quoting(default), RelationParts { database: true, schema: true, identifier: false });
}

#[test]
fn the_arguments_of_an_invocation_are_all_flags_and_its_own() {
    let mut case = Case::new(&[("dbt_project.yml", "name: shop\n")]).with(|o| o.vars = Some("{a: 1}".into()));
    case.which = "run";
    let args = case.config().invocation_args();
    assert_eq!(args["which"], "run");
    assert_eq!(args["vars"], json!({"a": 1}));
    assert_eq!(args["indirect_selection"], "eager");
    assert!(args.keys().is_sorted());
}
