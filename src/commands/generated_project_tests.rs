//! A project of a thousand models for tests of `ls`, always the same.
//!
//! `HETL_GENERATED_PROJECT=FOLDER cargo nextest run generated_project` writes it there, to ask the real dbt about it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const BASES: usize = 300;
const MIDDLES: usize = 450;
const TOPS: usize = 240;

const PROJECT: &str = "
name: wide
version: '1.0'
profile: wide
flags: {send_anonymous_usage_stats: false}
vars: {limit: 10}
models:
  wide:
    base: {+materialized: view, +tags: [base, hourly], +schema: base}
    middle: {+materialized: ephemeral, +meta: {owner: ann}}
    top: {+materialized: table, +tags: nightly, +group: readers, +meta: {owner: bob}}
data_tests: {wide: {+severity: warn}}
";

const PROFILES: &str = "
wide:
  target: dev
  outputs:
    dev: {type: duckdb, path: wide.duckdb}
";

const SELECTORS: &str = "
selectors:
  - name: nightly
    definition: {union: [{method: tag, value: nightly}, {exclude: [{method: path, value: models/top/g001}]}]}
  - name: around
    definition: {method: fqn, value: middle_100, parents: true, children: true, children_depth: 1}
  - name: both
    definition: {intersection: ['tag:base', {method: config.meta.rank, value: 3}]}
  - name: careful
    definition: {method: path, value: models/middle/g000, indirect_selection: cautious}
  - name: inherited
    definition: {union: [{method: selector, value: around}, 'source:raw.t3+1']}
";

/// Text of a properties file for models of one folder, and the models' SQL.
struct Folder<'a> {
    root: &'a Path,
    layer: &'static str,
    properties: Vec<String>,
}

impl Folder<'_> {
    fn add(&mut self, number: usize, sql: &str) {
        let (layer, group) = (self.layer, number / 100);
        write(self.root, &format!("models/{layer}/g{group:03}/{layer}_{number:03}.sql"), sql);
        if self.properties.len() <= group {
            self.properties.push("version: 2\nmodels:\n".into());
        }
        let text = &mut self.properties[group];
        let _ = writeln!(text, "  - name: {layer}_{number:03}\n    description: Number {number}");
        match number % 10 {
            1 if layer != "middle" => text.push_str("    config: {access: public}\n"),
            3 if layer == "top" => text.push_str("    config: {access: private}\n"),
            6 => text.push_str("    config: {contract: {enforced: true}}\n"),
            _ => {}
        }
        let tests = if number.is_multiple_of(2) { "unique, not_null" } else { "not_null" };
        let _ = writeln!(text, "    columns:\n      - {{name: id, data_type: integer, data_tests: [{tests}]}}");
        if number % 9 == 4 {
            let _ = writeln!(
                text,
                "      - name: other\n        data_type: integer\n        data_tests:\n          - relationships: \
                 {{arguments: {{to: ref('base_{:03}'), field: id}}}}",
                number % BASES
            );
        }
    }

    fn close(self) {
        for (group, text) in self.properties.iter().enumerate() {
            write(self.root, &format!("models/{}/g{group:03}/_models.yml", self.layer), text);
        }
    }
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn config(number: usize) -> String {
    match number % 7 {
        0 => format!("{{{{ config(tags=['seventh'], meta={{'rank': {}}}) }}}}\n", number % 4),
        2 => format!("{{{{ config(meta={{'rank': {}}}) }}}}\n", number % 4),
        5 => {
            "{{ config(materialized='incremental', unique_key='id', on_schema_change='append_new_columns') }}\n".into()
        }
        _ => String::new(),
    }
}

/// Writes the whole project.
pub(super) fn generate(root: &Path) {
    for (path, text) in [("dbt_project.yml", PROJECT), ("profiles.yml", PROFILES), ("selectors.yml", SELECTORS)] {
        write(root, path, text.trim_start());
    }
    write(
        root,
        "models/groups.yml",
        "groups: [{name: readers, owner: {name: Rea}}, {name: others, owner: {name: Oz}}]\n",
    );
    write(root, "macros/cents.sql", "{% macro cents(c) %}round({{ c }} / 100, 2){% endmacro %}\n");
    write(root, "macros/all_cents.sql", "{% macro all_cents() %}{{ cents('a') }}, {{ cents('b') }}{% endmacro %}\n");
    let mut base = Folder { root, layer: "base", properties: Vec::new() };
    for i in 0..BASES {
        let from = if i % 4 == 0 { format!("ref('seed_{}')", i % 5) } else { format!("source('raw', 't{}')", i % 10) };
        let columns = if i % 6 == 0 { "id, {{ all_cents() }} as other" } else { "id, {{ cents('other') }} as other" };
        base.add(i, &format!("{}select {columns} from {{{{ {from} }}}}\n", config(i)));
    }
    base.close();
    let mut middle = Folder { root, layer: "middle", properties: Vec::new() };
    for i in 0..MIDDLES {
        let mut sql = format!("{}select * from {{{{ ref('base_{:03}') }}}}\n", config(i + 1), i * 7 % BASES);
        if i % 3 == 0 && i > 5 {
            let _ = writeln!(sql, "union all select * from {{{{ ref('middle_{:03}') }}}}", i - 1 - i % 5);
        }
        middle.add(i, &sql);
    }
    middle.close();
    let mut top = Folder { root, layer: "top", properties: Vec::new() };
    for i in 0..TOPS {
        let disabled = if i % 50 == 49 { "{{ config(enabled=false) }}\n" } else { "" };
        let (one, other) = (i * 13 % MIDDLES, (i * 29 + 5) % MIDDLES);
        let limit = if i % 8 == 0 { " limit {{ var('limit') }}" } else { "" };
        top.add(
            i,
            &format!(
                "{disabled}{}select id, other from {{{{ ref('middle_{one:03}') }}}}\njoin {{{{ ref('middle_{other:03}') }}}} using (id){limit}\n",
                config(i + 2)
            ),
        );
    }
    top.close();
    rest(root);
}

/// Sources, seeds, snapshots, exposures, singular tests, unit tests, versions.
fn rest(root: &Path) {
    let mut sources = String::from("sources:\n  - name: raw\n    config: {tags: [incoming]}\n    tables:\n");
    for i in 0..10 {
        let _ = writeln!(sources, "      - name: t{i}\n        columns: [{{name: id, data_tests: [not_null]}}]");
    }
    write(root, "models/sources.yml", &sources);
    let mut exposures = String::from("exposures:\n");
    for i in 0..20 {
        let _ = writeln!(
            exposures,
            "  - {{name: board_{i:02}, type: dashboard, owner: {{email: a@b.c}}, depends_on: [\"ref('top_{:03}')\", \"ref('middle_{:03}')\"]}}",
            i * 6,
            i * 11
        );
        let model = i * 5;
        write(
            root,
            &format!("tests/checks/check_{i:02}.sql"),
            &format!(
                "select * from {{{{ ref('top_{model:03}') }}}} join {{{{ ref('middle_{:03}') }}}} using (id) where false\n",
                i * 9
            ),
        );
    }
    write(root, "models/exposures.yml", &exposures);
    let mut snapshots = String::from("snapshots:\n");
    let mut units = String::from("unit_tests:\n");
    let mut versions = String::from("models:\n");
    for i in 0..10 {
        let _ = writeln!(
            snapshots,
            "  - {{name: history_{i}, relation: ref('base_{:03}'), config: {{unique_key: id, strategy: check, check_cols: all, schema: history}}}}",
            i * 20
        );
        let _ = writeln!(
            units,
            "  - {{name: logic_{i}, model: base_{:03}, given: [{{input: \"source('raw', 't1')\", rows: [{{id: 1, other: 100}}]}}], \
             expect: {{rows: [{{id: 1, other: 1}}]}}}}",
            i * 20 + 1 + 10 * (i % 2)
        );
    }
    for i in 0..5 {
        write(root, &format!("seeds/seed_{i}.csv"), "id,other,a,b\n1,100,2,3\n");
        let _ = writeln!(
            versions,
            "  - name: versioned_{i}\n    latest_version: 1\n    columns: [{{name: id, data_tests: [unique]}}]\n    versions: [{{v: 1}}, {{v: 2}}]"
        );
        for v in 1..=2 {
            write(
                root,
                &format!("models/versions/versioned_{i}_v{v}.sql"),
                &format!("select {v} as id from {{{{ ref('top_{:03}') }}}}\n", i * 40),
            );
        }
        write(
            root,
            &format!("analyses/look_{i}.sql"),
            &format!("select * from {{{{ ref('versioned_{i}', v=2) }}}}, {{{{ ref('versioned_{i}') }}}}\n"),
        );
    }
    write(root, "snapshots/history.yml", &snapshots);
    write(root, "models/unit_tests.yml", &units);
    write(root, "models/versions/versions.yml", &versions);
}

#[test]
fn a_thousand_models_are_generated() {
    let folder = tempfile::tempdir().unwrap();
    let root = std::env::var_os("HETL_GENERATED_PROJECT").map_or_else(|| folder.path().to_owned(), Into::into);
    generate(&root);
    let models = ignore::Walk::new(root.join("models")).flatten();
    assert_eq!(models.filter(|file| file.path().extension().is_some_and(|end| end == "sql")).count(), 1000);
}
