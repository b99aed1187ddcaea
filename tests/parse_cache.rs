//! Whatever is edited in a project, a parse with the parse cache gives what a parse without it gives.
//!
//! `HETL_CACHE_EDITS=5000 cargo nextest run parse_cache` edits more often than the normal suite does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hetl::adapters::{Adapter, RelationParts, Surroundings, registry};
use hetl::artifacts::{ArtifactMetadata, ManifestJson, ManifestMetadata, TargetFolder};
use hetl::config::{self, Invocation, Overrides};
use hetl::diagnostics::{SourceMap, render};
use hetl::events::{Event, Reporter};
use hetl::manifest::{CompiledNode, CompiledNodes};
use hetl::parser::{self, FirstLook, ParseParts, Parsed};

/// Numbers that are the same in each run of the test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    fn happens(&mut self, in_a_hundred: usize) -> bool {
        self.roll(100) < in_a_hundred
    }
}

const MODELS: &[&str] = &["a", "b", "c", "d", "e", "f"];

fn model(dice: &mut Dice, own: &str) -> String {
    let others: Vec<&str> = MODELS.iter().copied().filter(|name| *name < own).collect();
    let other = if others.is_empty() || dice.happens(3) { "missing" } else { dice.pick(&others) };
    let from = match dice.roll(12) {
        _ if own == "a" && dice.happens(90) => "select 1 as id".to_owned(),
        0 => format!("select * from {{{{ ref('p', '{other}') }}}}"),
        1 => format!("select * from {{{{ the_ref('{other}') }}}}"),
        2 if dice.happens(50) => "select {{ target.threads }} from {{ the_ref('a') }}".to_owned(),
        2 => format!("{{% if var('on', true) %}}select * from {{{{ ref('{other}') }}}}{{% endif %}}"),
        3 => "select * from {{ source('raw', 't') }}".to_owned(),
        4 => format!("select {{{{ cents('x') }}}} from {{{{ ref('{other}') }}}}"),
        5 => format!("select '{{{{ env_var('HETL_A', 'none') }}}}' from {{{{ ref(env_var('HETL_REF', '{other}')) }}}}"),
        6 => "select '{{ invocation_id }}' {{ log('read', info=true) }}, {{ the_ref('a') }}".to_owned(),
        7 => format!("-- {}\nselect * from {{{{ ref('{other}') }}}}", dice.roll(100)),
        8 => "{% do exceptions.warn('beware') %}select {{ the_ref('a') }}".to_owned(),
        9 => format!("select * from {{{{ ref(var('where', '{other}')) }}}}"),
        _ => format!("select * from {{{{ ref('{other}') }}}}"),
    };
    let config = match dice.roll(12) {
        0 => "{{ config(materialized='table', tags=['t']) }}\n".to_owned(),
        1 => "{{ config(enabled=var('on', true)) }}\n".to_owned(),
        2 => "{{ config(enabled=false) }}\n".to_owned(),
        3 => format!("{{{{ config(alias='x{}') }}}}\n", dice.roll(30)),
        4 => "{{ config(post_hook=\"select {{ cents('y') }}\", meta={'k': [1.5, none]}) }}\n".to_owned(),
        5 => "{{ config(schema='other', grants={'select': ['me']}) }}\n".to_owned(),
        6 if dice.happens(30) => "{{ config(tags=['broken' }}\n".to_owned(),
        _ => String::new(),
    };
    format!("{}{config}{from}\n", if dice.happens(10) { "\n  \n" } else { "" })
}

fn properties(dice: &mut Dice, names: &[&str]) -> String {
    let mut text = String::from("version: 2\nmodels:\n");
    let mut count = 0;
    for name in names.iter().filter(|_| dice.happens(60)).copied().collect::<Vec<_>>() {
        count += 1;
        let _ = writeln!(
            text,
            "  - name: {name}\n    description: \"{}\"",
            dice.pick(&["", "words", "{{ doc('d') }}", "{{ doc('e') }}"])
        );
        if dice.happens(30) {
            let _ = writeln!(
                text,
                "    config: {{tags: [y{}], meta: {{owner: \"{{{{ var('where', 'x') }}}}\"}}}}",
                dice.roll(3)
            );
        }
        if dice.happens(5) {
            text.push_str("    latest_version: 1\n    versions: [{v: 1, defined_in: a}, {v: 2}]\n");
        }
        if dice.happens(5) {
            text.push_str("    desciption: misspelt\n");
        }
        if dice.happens(70) {
            text.push_str("    columns:\n      - name: id\n        description: key\n        data_tests:\n");
            for _ in 0..=dice.roll(2) {
                let test = dice.pick(&[
                    "unique",
                    "not_null",
                    "accepted_values: {arguments: {values: [1, 2]}}",
                    "relationships: {arguments: {to: ref('a'), field: id}}",
                    "own",
                    "not_null: {config: {severity: \"{{ 'warn' }}\", store_failures: true}, name: named}",
                ]);
                let _ = writeln!(text, "          - {test}");
            }
        }
    }
    if count == 0 {
        return "version: 2\n".to_owned();
    }
    if dice.happens(15) {
        text.push_str("exposures:\n  - {name: board, type: dashboard, owner: {name: me}, depends_on: [ref('a')]}\n");
    }
    if dice.happens(10) {
        text.push_str(
            "unit_tests:\n  - {name: u, model: b, given: [{input: ref('a'), rows: []}], expect: {rows: []}}\n",
        );
    }
    text
}

fn macros(dice: &mut Dice) -> String {
    let mut text = String::new();
    if dice.happens(90) {
        let _ = writeln!(text, "{{% macro cents(x) %}}round({{{{ x }}}}, {}){{% endmacro %}}", dice.roll(4));
    }
    text.push_str(dice.pick(&[
        "{% macro the_ref(x) %}{{ return(ref(x)) }}{% endmacro %}\n",
        "{% macro the_ref(x) %}{{ return(ref('a')) }}{% endmacro %}\n",
        "{% macro the_ref(x) %}{{ config(tags=['m']) }}{{ return(ref(x)) }}{% endmacro %}\n",
        "{% macro the_ref(x) %}nothing{% endmacro %}\n",
    ]));
    text.push_str(dice.pick(&[
        "",
        "",
        "{% macro generate_schema_name(custom, node) %}{{ target.schema }}{{ custom or '' }}{% endmacro %}\n",
        "{% macro generate_alias_name(custom, node) %}{{ prefix() }}{{ custom or node.name }}{% endmacro %}\n{% macro prefix() %}p{% endmacro %}\n",
        "{% macro generate_alias_name(custom, node) %}{{ prefix() }}{{ custom or node.name }}{% endmacro %}\n{% macro prefix() %}q{% endmacro %}\n",
        "{% macro generate_schema_name(custom, node) %}{{ env_var('HETL_A', 's') }}{% endmacro %}\n",
    ]));
    text.push_str(dice.pick(&[
        "{% test own(model, column_name) %}select 1{% endtest %}\n",
        "{% test own(model, column_name) %}{{ config(severity='warn') }}select 1 from {{ ref('a') }}{% endtest %}\n",
    ]));
    text
}

fn project(dice: &mut Dice) -> String {
    let vars = dice.pick(&["", "vars: {on: false}\n", "vars: {where: b, on: true}\n", "vars: {where: a}\n"]);
    let models = dice.pick(&[
        "",
        "models: {+tags: [p]}\n",
        "models: {p: {sub: {+materialized: table}, +tags: \"{{ target.name }}\"}}\n",
        "models: {+enabled: \"{{ env_var('HETL_ON', 'true') == 'true' }}\"}\ndata_tests: {+severity: warn}\n",
        "on-run-end: [\"select 1 from {{ ref('a') }}\"]\n",
    ]);
    format!("name: p\nprofile: p\npackages-install-path: packages\n{vars}{models}")
}

/// A project as it is on disk, with what is given beside it.
struct World {
    folder: PathBuf,
    files: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    overrides: Overrides,
}

impl World {
    fn new(folder: &Path, dice: &mut Dice) -> Self {
        let overrides = Overrides { project_dir: Some(folder.to_owned()), ..Overrides::default() };
        let mut world =
            Self { folder: folder.to_owned(), files: BTreeMap::new(), environment: BTreeMap::new(), overrides };
        let profile = "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: ':memory:', threads: 1}\n    \
                       ci: {type: duckdb, path: ':memory:', schema: ci}\n";
        world.write("profiles.yml", profile.to_owned());
        world.write("dbt_project.yml", "name: p\nprofile: p\npackages-install-path: packages\n".to_owned());
        world.write(
            "models/sources.yml",
            "sources:\n  - name: raw\n    tables: [{name: t, columns: [{name: id, data_tests: [unique]}]}]\n"
                .to_owned(),
        );
        world.write("macros/m.sql", macros(dice));
        world.write("seeds/n.csv", "id\n1\n".to_owned());
        for name in MODELS {
            world.write(&format!("models/{name}.sql"), model(dice, name));
        }
        world.write("models/x.yml", properties(dice, &MODELS[..3]));
        world.write("models/y.yml", properties(dice, &MODELS[3..]));
        world
    }

    fn write(&mut self, path: &str, text: String) {
        let place = self.folder.join(path);
        fs::create_dir_all(place.parent().expect("a file has a folder")).expect("a folder");
        // Some editors replace a file, others write into it.
        if text.len().is_multiple_of(2) {
            let _ = fs::remove_file(&place);
        }
        fs::write(place, &text).expect("a file");
        self.files.insert(path.to_owned(), text);
    }

    fn remove(&mut self, path: &str) {
        if self.files.remove(path).is_some() {
            fs::remove_file(self.folder.join(path)).expect("it is there");
        }
    }

    fn edit(&mut self, dice: &mut Dice) -> String {
        let name = dice.pick(MODELS);
        let folder = dice.pick(&["models", "models", "models", "models/sub"]);
        match dice.roll(26) {
            0..=6 => {
                let path = format!("{folder}/{name}.sql");
                self.write(&path, model(dice, name));
                path
            }
            7 => {
                let path = format!("{folder}/{name}.sql");
                self.remove(&path);
                path
            }
            8 => {
                let (from, to) = (format!("models/{name}.sql"), format!("models/sub/{name}.sql"));
                let (from, to) = if dice.happens(50) { (from, to) } else { (to, from) };
                if let Some(text) = self.files.get(&from).cloned() {
                    self.remove(&from);
                    self.write(&to, text);
                }
                format!("{from} to {to}")
            }
            9..=13 => {
                let path = dice.pick(&["models/x.yml", "models/y.yml", "models/sub/z.yml"]);
                self.write(path, properties(dice, MODELS));
                path.to_owned()
            }
            14 => {
                let path = dice.pick(&["models/x.yml", "models/y.yml", "models/sub/z.yml"]);
                self.remove(path);
                path.to_owned()
            }
            15 | 16 => {
                self.write("macros/m.sql", macros(dice));
                "macros".into()
            }
            17 => {
                self.write("dbt_project.yml", project(dice));
                "dbt_project.yml".into()
            }
            18 => {
                let variable = dice.pick(&["HETL_A", "HETL_REF", "HETL_ON"]);
                let value = dice.pick(&["a", "b", "true", "false"]);
                if dice.happens(30) {
                    self.environment.remove(variable);
                } else {
                    self.environment.insert(variable.into(), value.into());
                }
                format!("{variable}={value}")
            }
            19 => {
                self.overrides.vars = dice.happens(50).then(|| format!("{{on: {}}}", dice.happens(50)));
                format!("--vars {:?}", self.overrides.vars)
            }
            20 => {
                self.overrides.store_failures = dice.happens(50).then_some(true);
                self.overrides.target = dice.happens(40).then(|| "ci".to_owned());
                self.overrides.threads = dice.happens(40).then(|| 2 + dice.roll(3));
                "flags".into()
            }
            21 => {
                self.write("models/docs.md", format!("{{% docs d %}}{}{{% enddocs %}}\n", dice.roll(9)));
                if dice.happens(20) {
                    self.remove("models/docs.md");
                }
                "docs".into()
            }
            22 => {
                self.write("seeds/n.csv", format!("id\n{}\n", dice.roll(50)));
                if dice.happens(20) {
                    self.remove("seeds/n.csv");
                }
                "seed".into()
            }
            23 => {
                self.write("tests/t.sql", format!("select * from {{{{ ref('{name}') }}}}\n"));
                if dice.happens(30) {
                    self.remove("tests/t.sql");
                }
                "singular test".into()
            }
            24 => {
                self.write("packages/q/dbt_project.yml", "name: q\nprofile: p\n".into());
                self.write(&format!("packages/q/models/q_{}.sql", dice.roll(3)), "select 1 as id\n".into());
                self.write(
                    "packages/q/models/q.yml",
                    format!("models: [{{name: q_0, description: {}}}]\n", dice.roll(9)),
                );
                let adopted =
                    format!("models: [{{name: q_{}, data_tests: [own: {{column_name: id}}]}}]\n", dice.roll(3));
                if dice.happens(50) {
                    self.write("models/adopt.yml", adopted);
                } else {
                    self.remove("models/adopt.yml");
                }
                "package".into()
            }
            _ => "nothing".into(),
        }
    }

    /// Whether the cache says that a parse is not needed.
    fn is_unchanged(&self) -> bool {
        let mut invocation = Invocation::fixed("parse", &self.folder);
        invocation.environment.clone_from(&self.environment);
        let Some(config) = config::load(invocation, &self.overrides, &SourceMap::new()).config else { return false };
        FirstLook::new(&config, self.adapter(&config).as_ref(), true).unchanged().is_some()
    }

    fn adapter(&self, config: &config::Config) -> Arc<dyn Adapter> {
        let mut credentials = config.profile.credentials.clone();
        credentials.insert("type".into(), config.profile.adapter_type.clone().into());
        let surroundings = Surroundings { project_root: self.folder.clone(), ..Surroundings::default() };
        registry::open(&credentials, &surroundings).expect("an adapter")
    }

    /// Parses at a time in seconds; returns the nodes that were made then, and not taken from the cache.
    fn made_at(&self, second: i64) -> Vec<String> {
        let sources = Arc::new(SourceMap::new());
        let mut invocation = Invocation::fixed("parse", &self.folder);
        invocation.started_at = jiff::Timestamp::from_second(second).expect("a time");
        let config = config::load(invocation, &self.overrides, &sources).config.expect("a project");
        let adapter = self.adapter(&config);
        let parts = ParseParts { config, adapter, reporter: Arc::new(Heard::default()), sources, is_cached: true };
        let manifest = parser::parse(parts).manifest;
        let mut made: Vec<String> = manifest
            .nodes
            .values()
            .filter(|node| node.created_at.to_bits() == (second as f64).to_bits())
            .map(|node| node.name.clone())
            .collect();
        made.sort();
        made
    }

    /// Everything that a parse tells.
    fn parse(&self, is_cached: bool) -> String {
        let sources = Arc::new(SourceMap::new());
        let mut invocation = Invocation::fixed("parse", &self.folder);
        invocation.environment.clone_from(&self.environment);
        let loaded = config::load(invocation, &self.overrides, &sources);
        let mut said = String::new();
        for problem in &loaded.diagnostics {
            said += &render::text(problem, &sources);
        }
        let Some(config) = loaded.config else { return said };
        let adapter = self.adapter(&config);
        let reporter = Arc::new(Heard::default());
        let parts =
            ParseParts { config, adapter, reporter: reporter.clone(), sources: Arc::clone(&sources), is_cached };
        let Parsed { manifest, diagnostics, .. } = parser::parse(parts);
        for problem in &diagnostics.sorted(&sources) {
            said += &render::text(problem, &sources);
        }
        let mut heard = reporter.0.lock().expect("nobody panics").clone();
        heard.sort();
        said += &heard.concat();
        let time = jiff::Timestamp::UNIX_EPOCH;
        let artifact = ArtifactMetadata {
            generated_at: time,
            invocation_id: String::new(),
            invocation_started_at: time,
            env: indexmap::IndexMap::default(),
        };
        let quoting = RelationParts { database: true, schema: true, identifier: true };
        let metadata = ManifestMetadata { artifact, quoting };
        // The SQL of one model, as some commands know it.
        let text = self.files.get("models/a.sql").filter(|text| text.len() % 3 == 0);
        let code = |text: &String| CompiledNode { code: Some(text.clone()), ..CompiledNode::default() };
        let compiled: CompiledNodes = text.map(|text| ("model.p.a".to_owned(), code(text))).into_iter().collect();
        let json = ManifestJson { manifest: &manifest, metadata: &metadata, compiled: &compiled };
        if is_cached {
            // What is taken from the manifest that is there is what would be written.
            let target = TargetFolder::new(&self.folder, "target");
            let path = target.write_manifest(None, &json).expect("a manifest is written");
            let written = fs::read_to_string(path).expect("a manifest");
            assert_eq!(written, serde_json::to_string(&json).expect("a manifest is JSON"));
        }
        said + &serde_json::to_string_pretty(&json).expect("a manifest is JSON")
    }
}

/// What templates log while they are parsed.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Reporter for Heard {
    fn report(&self, event: &Event) {
        self.0.lock().expect("nobody panics").push(format!("{event:?}\n"));
    }
}

fn first_difference(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).enumerate().find(|(_, (one, other))| one != other);
    match lines {
        Some((number, (one, other))) => format!("line {number}:\nfull parse: {one}\nwith cache: {other}"),
        None => format!("{} and {} lines", one.lines().count(), other.lines().count()),
    }
}

#[test]
fn after_any_edit_the_cache_changes_nothing() {
    let edits = std::env::var("HETL_CACHE_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    let seed = std::env::var("HETL_CACHE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x9e37_79b9);
    let mut dice = Dice(seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut world = World::new(folder.path(), &mut dice);
    let mut history = Vec::new();
    let mut last = String::new();
    for number in 0..edits {
        history.push(world.edit(&mut dice));
        while dice.happens(25) {
            history.push(world.edit(&mut dice));
        }
        if dice.happens(10) {
            // Long enough for the clock of the file system to have gone on.
            std::thread::sleep(Duration::from_millis(60));
        }
        let without = world.parse(false);
        // What a parse that is not needed would give is what the last one gave.
        let with_cache = if world.is_unchanged() { last } else { world.parse(true) };
        last = with_cache.clone();
        if with_cache != without {
            let recent = history.iter().rev().take(8).rev().cloned().collect::<Vec<_>>().join("; ");
            let kept = folder.keep();
            panic!("edit {number} ({recent}) of {}: {}", kept.display(), first_difference(&without, &with_cache));
        }
    }
}

/// Two models that are read, one that is rendered, a test, a seed.
fn small_world(folder: &Path) -> World {
    let mut world = World::new(folder, &mut Dice(7));
    for name in MODELS {
        world.remove(&format!("models/{name}.sql"));
    }
    world.remove("models/y.yml");
    world.remove("models/sources.yml");
    world.write("macros/m.sql", "{% macro the_ref(x) %}{{ return(ref(x)) }}{% endmacro %}".to_owned());
    world.write("models/a.sql", "select 1 as id".to_owned());
    world.write("models/b.sql", "select * from {{ ref('a') }}".to_owned());
    world.write("models/c.sql", "select * from {{ the_ref('a') }}".to_owned());
    world.write("models/x.yml", "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]".to_owned());
    world
}

#[test]
fn only_what_an_edit_concerns_is_parsed_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut world = small_world(folder.path());
    assert_eq!(world.made_at(1), ["a", "b", "c", "n", "unique_a_id"]);
    assert!(world.made_at(2).is_empty());

    world.write("models/b.sql", "select 2 from {{ ref('a') }}".to_owned());
    assert_eq!(world.made_at(3), ["b"]);
    world.write("macros/m.sql", "{% macro the_ref(x) %}{{ return(ref(x)) }} {% endmacro %}".to_owned());
    assert_eq!(world.made_at(4), ["c"], "the only one that is rendered");
    world.write("models/x.yml", "models: [{name: a, columns: [{name: id, data_tests: [not_null]}]}]".to_owned());
    assert_eq!(world.made_at(5), ["a", "not_null_a_id"]);
    world.remove("models/c.sql");
    world.write("models/d.sql", "select * from {{ ref('b') }}".to_owned());
    assert_eq!(world.made_at(6), ["d"]);
    world.write("dbt_project.yml", "name: p\nprofile: p\nvars: {x: 1}\n".to_owned());
    assert_eq!(world.made_at(7), ["a", "b", "d", "n", "not_null_a_id"]);
}

#[test]
fn a_project_in_which_nothing_changed_need_not_be_parsed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut world = small_world(folder.path());
    std::thread::sleep(Duration::from_millis(120));
    world.parse(true);
    assert!(world.is_unchanged());
    world.overrides.vars = Some("{on: true}".into());
    assert!(!world.is_unchanged(), "other variables");
    world.overrides.vars = None;
    world.overrides.threads = Some(7);
    assert!(world.is_unchanged(), "no template asked for the number of threads");
    let text = world.files["models/b.sql"].clone();
    world.write("models/b.sql", text);
    assert!(!world.is_unchanged(), "the file was written, though with the same text");
    assert!(world.made_at(1).is_empty(), "its hash tells that it is the same");
    world.remove("models/c.sql");
    assert!(!world.is_unchanged());
}

#[test]
fn a_damaged_cache_is_no_cache() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let world = small_world(folder.path());
    let wanted = world.parse(false);
    assert_eq!(world.parse(true), wanted);
    let file = folder.path().join("target/hetl_parse_cache.bin");
    let bytes = fs::read(&file).expect("the cache is written");
    for at in (0..bytes.len()).step_by(bytes.len() / 8) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&file, damaged).expect("a file");
        assert_eq!(world.parse(true), wanted, "byte {at} was changed");
        fs::write(&file, &bytes[..at]).expect("a file");
        assert_eq!(world.parse(true), wanted, "only {at} bytes were left");
    }
}
