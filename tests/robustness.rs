//! Whatever the files of a project hold, parsing it ends with diagnostics and not with a panic.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use hetl::adapters::{Surroundings, registry};
use hetl::config::{self, Invocation, Overrides};
use hetl::diagnostics::{SourceMap, render};
use hetl::events::Silent;
use hetl::graph::Graph;
use hetl::parser::{self, ParseParts};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const FILES: &[(&str, &str)] = &[
    ("dbt_project.yml", "name: p\nprofile: p\nmodels:\n  p:\n    +materialized: view\n    +tags: [x]\nvars: {a: 1}\n"),
    ("profiles.yml", "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: ':memory:', threads: 1}\n"),
    (
        "models/a.sql",
        "{{ config(materialized='table', tags=['x', 'y'], meta={'k': [1, 2]}) }}\n{% set xs = [1, 2] %}\n\
         select {% for x in xs %}{{ x * 2 }} as c{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}\n\
         from {{ source('raw', 't') }} -- é {# a comment #}\n",
    ),
    ("models/b.sql", "select {{ cents('c1', digits=2) | upper }} as c from {{ ref('a') }} where {{ var('a') }} = 1\n"),
    (
        "models/schema.yml",
        "version: 2\nmodels:\n  - name: a\n    description: '{{ doc(\"d\") }}'\n    columns:\n      - name: c1\n        \
         data_tests: [not_null, {accepted_values: {arguments: {values: [1, 2]}}}]\n    config: {enabled: true}\n\
         sources:\n  - name: raw\n    tables: [{name: t, freshness: {warn_after: {count: 1, period: day}}}]\n\
         exposures:\n  - name: e\n    type: dashboard\n    owner: {name: me}\n    depends_on: [ref('b')]\n\
         unit_tests:\n  - name: u\n    model: b\n    given: [{input: ref('a'), rows: [{c1: 1}]}]\n    expect: {rows: [{c: 1}]}\n",
    ),
    ("models/docs.md", "{% docs d %}\nWords *here*.\n{% enddocs %}\n"),
    (
        "macros/m.sql",
        "{% macro cents(column, digits=0) -%}\n  round({{ column }} / 100, {{ digits }})\n{%- endmacro %}\n",
    ),
    (
        "snapshots/s.sql",
        "{% snapshot s %}\n{{ config(unique_key='c', strategy='check', check_cols='all') }}\nselect * from {{ ref('b') }}\n\
         {% endsnapshot %}\n",
    ),
    ("seeds/n.csv", "id,name\n1,x\n2,\"y\"\n"),
    ("tests/t.sql", "select * from {{ ref('b') }} where c is null\n"),
];

/// What stands in for a piece of a file.
const JUNK: &[&str] = &[
    "",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{% if",
    "{% endif %}",
    "{% raw %}",
    "'",
    "\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "\n",
    "\t",
    "  ",
    "&x ",
    "*x",
    "<<: *x",
    "!!python/object:x ",
    "---\n",
    "null",
    "~",
    "-1",
    "1e999",
    "99999999999999999999999",
    "0x",
    "0o9",
    ".inf",
    "2024-13-45",
    "|",
    ">",
    "|9",
    "%",
    "\\",
    "\u{0}",
    "\u{feff}",
    "\u{1f600}",
    "\u{202e}",
    "\r\n",
    "\r",
    "é",
    "name",
    "a.b",
    "ref(",
    "ref()",
    "config(",
    "+",
    "/0",
    "**9999",
    "~~",
    "is",
    "in",
    "not",
    "import",
    "{% import 'x' %}",
    "{% extends a %}",
    "{% set a = a %}",
    "x",
    "[[[[[[[[",
    "{{{{{{",
    "((((((((",
];

/// One change: in which file, from and to which part of it (in thousandths), and what stands there then.
type Change = (usize, u32, u32, usize);

fn changed(files: &mut [(&str, String)], (file, from, length, junk): Change) {
    let text = &mut files[file % FILES.len()].1;
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(text.len() * from as usize / 1000);
    let end = boundary((start + length as usize).min(text.len()));
    // Past the list of junk: the rest of the file is cut off.
    match JUNK.get(junk) {
        Some(junk) => text.replace_range(start..end.max(start), junk),
        None => text.truncate(start),
    }
}

fn write(folder: &Path, files: &[(&str, String)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
}

/// Parses as `hetl parse` does, and writes every diagnostic in every form.
fn parse(folder: &Path) {
    let sources = Arc::new(SourceMap::new());
    let overrides = Overrides { project_dir: Some(folder.to_owned()), ..Overrides::default() };
    let loaded = config::load(Invocation::fixed("parse", folder), &overrides, &sources);
    let mut diagnostics: Vec<_> = loaded.diagnostics.into_iter().collect();
    if let Some(config) = loaded.config {
        let mut credentials = config.profile.credentials.clone();
        credentials.insert("type".into(), config.profile.adapter_type.clone().into());
        let surroundings = Surroundings { project_root: folder.to_owned(), ..Surroundings::default() };
        if let Ok(adapter) = registry::open(&credentials, &surroundings) {
            let parts = ParseParts { config, adapter, reporter: Arc::new(Silent), sources: Arc::clone(&sources) };
            let parsed = parser::parse(parts);
            diagnostics.extend(parsed.diagnostics);
            diagnostics.extend(Graph::build(&parsed.manifest).err().into_iter().flatten());
        }
    }
    for diagnostic in &diagnostics {
        let _ = (
            render::text(diagnostic, &sources),
            render::json(diagnostic, &sources),
            render::github(diagnostic, &sources, ""),
        );
    }
}

#[test]
fn changed_files_do_not_make_it_panic() {
    on_main_stack(changed_files);
}

fn changed_files() {
    let cases = std::env::var("HETL_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let change = (0..FILES.len(), 0..1000_u32, 0..40_u32, 0..JUNK.len() + 3);
    let config = Config { cases, max_shrink_iters: 64, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(change, 1..4), |changes| {
            let mut files: Vec<(&str, String)> = FILES.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
            for change in changes {
                changed(&mut files, change);
            }
            write(folder.path(), &files);
            parse(folder.path());
            Ok(())
        })
        .expect("no change makes it panic");
}

/// Runs on a stack as large as the main thread's; those of tests are smaller.
fn on_main_stack(work: fn()) {
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(work).expect("a thread can be started");
    assert!(thread.join().is_ok());
}

#[test]
fn nothing_nests_too_deeply() {
    on_main_stack(deep_files);
}

fn deep_files() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let templates = [
        format!("select {{{{ {} }}}}", deep("(", ")")),
        format!("select {{{{ {} }}}}", deep("[", "]")),
        format!("select {{{{ {} }}}}", deep("{'a': ", "}")),
        format!("select {{{{ {} }}}}", deep("not ", "")),
        format!("select {{{{ {} }}}}", deep("-", "")),
        format!("select {{{{ {} }}}}", deep("f(", ")")),
        format!("select {{{{ {} }}}}", deep("1 + ", "")),
        format!("select {{{{ 1{} }}}}", "[0]".repeat(20_000)),
        format!("select {{{{ 1{} }}}}", " | upper".repeat(20_000)),
        format!("select {{{{ a{} }}}}", ".b".repeat(20_000)),
        deep("{% if 1 %}", "{% endif %}"),
        deep("{% for x in y %}", "{% endfor %}"),
        deep("{{ config(a=", ") }}"),
        deep("select (", ")"),
    ];
    for template in &templates {
        let mut files: Vec<(&str, String)> = FILES.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
        files[2].1.clone_from(template);
        write(folder.path(), &files);
        parse(folder.path());
    }
    for yaml in
        [deep("[", "]"), deep("{a: ", "}"), deep("- ", ""), deep("? ", ""), format!("models: {}", deep("[", "]"))]
    {
        let mut files: Vec<(&str, String)> = FILES.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
        files[4].1.clone_from(&yaml);
        write(folder.path(), &files);
        parse(folder.path());
    }
}
