//! What a command spends its time in, each part by itself, on the example project (`project/`):
//!
//! ```console
//! $ cargo bench --bench hot_paths
//! ```

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use hetl::adapters::{RelationParts, Surroundings, registry};
use hetl::config::{self, Config, Invocation, Loaded, Overrides};
use hetl::diagnostics::SourceMap;
use hetl::events::Silent;
use hetl::graph::Graph;
use hetl::graph::selection::{IndirectSelection, Selector, Spec};
use hetl::jinja::Engine;
use hetl::manifest::{ArtifactMetadata, CompiledNodes, Manifest, ManifestJson, ManifestMetadata, ResourceType};
use hetl::parser::{self, ParseParts, Parsed};
use hetl::plan::{Mode, Plan};
use hetl::sql::{Dialect, Query};
use hetl::yaml;
use indexmap::IndexMap;
use jiff::Timestamp;

fn main() {
    divan::main();
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("project")
}

fn load() -> Config {
    let overrides = Overrides { project_dir: Some(project()), profiles_dir: Some(project()), ..Overrides::default() };
    let Loaded { config, diagnostics, .. } =
        config::load(Invocation::fixed("parse", project()), &overrides, &Arc::new(SourceMap::new()));
    config.unwrap_or_else(|| panic!("the example cannot be read: {diagnostics:?}"))
}

fn parse(config: &Config) -> Parsed {
    let mut credentials = config.profile.credentials.clone();
    credentials.insert("type".into(), config.profile.adapter_type.clone().into());
    let surroundings = Surroundings { project_root: project(), ..Surroundings::default() };
    parser::parse(ParseParts {
        config: config.clone(),
        adapter: registry::open(&credentials, &surroundings).expect("DuckDB is there"),
        reporter: Arc::new(Silent),
        sources: Arc::new(SourceMap::new()),
        is_cached: false,
    })
}

static EXAMPLE: LazyLock<Manifest> = LazyLock::new(|| parse(&load()).manifest);
static GRAPH: LazyLock<Graph> = LazyLock::new(|| Graph::build(&EXAMPLE).expect("the example has no cycle"));

/// The longest template among the models of the example.
fn longest_model() -> &'static str {
    let models = EXAMPLE.nodes.values().filter(|node| node.resource_type == ResourceType::Model);
    models.map(|node| &*node.raw_code).max_by_key(|code| code.len()).expect("the example has models")
}

const TEMPLATE: &str = "{% macro cents(column, places=2) %}round({{ column }} / 100.0, {{ places }}){% endmacro %}
{%- set methods = ['card', 'cash', 'voucher', 'transfer'] -%}
select order_id,
{%- for method in methods %}
    sum(case when method = '{{ method }}' then {{ cents('amount', places=2 + loop.index) }} end) as {{ method ~ '_amount' }}
    {%- if not loop.last %},{% endif %}
{%- endfor %}
from payments where status in ({{ \"'\" ~ methods | join(\"', '\") ~ \"'\" }}) -- {{ methods[-1].upper() }}
group by order_id";

/// Configuration: flags, project, profile.
#[divan::bench]
fn read_configuration() -> Config {
    load()
}

/// Every file of the project read, its resources found and linked; nothing kept from an earlier time.
#[divan::bench]
fn parse_the_project(bencher: Bencher) {
    let config = load();
    bencher.counter(ItemsCount::new(EXAMPLE.nodes.len())).bench_local(|| parse(&config));
}

/// A template that was never seen before: rewritten, compiled, rendered.
#[divan::bench]
fn render_a_new_template(bencher: Bencher) {
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            format!("{TEMPLATE}\n-- {number}")
        })
        .bench_local_values(|template| Engine::new().render_str(&template, None, ().into()).map(|text| text.text()));
}

/// The same template again.
#[divan::bench]
fn render_a_known_template(bencher: Bencher) {
    let engine = Engine::new();
    bencher.bench_local(|| engine.render_str(TEMPLATE, None, ().into()).map(|text| text.text()));
}

/// A file of properties.
#[divan::bench]
fn read_properties(bencher: Bencher) {
    let column = "      - name: total\n        description: What it is\n        data_tests: [unique, not_null]\n";
    let text = format!("models:\n  - name: m\n    columns:\n{}", column.repeat(100));
    let source = SourceMap::new().add("models/m.yml", text.as_str());
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| yaml::parse(source, &text));
}

/// The graph of the project.
#[divan::bench]
fn build_the_graph(bencher: Bencher) {
    bencher.counter(ItemsCount::new(EXAMPLE.nodes.len())).bench_local(|| Graph::build(&EXAMPLE));
}

/// What `--select` chooses.
#[divan::bench(args = ["*", "+fct_claims+", "tag:phi", "path:models/claims,config.materialized:table", "@int_claims__latest_claims"])]
fn select(bencher: Bencher, expression: &str) {
    let spec =
        Spec::of_command_line(&[expression.to_owned()], &[], IndirectSelection::Eager).expect("it is a selection");
    bencher.bench_local(|| Selector::new(&GRAPH, &EXAMPLE, None).select(black_box(&spec), None, false));
}

/// The order of a run of all.
#[divan::bench]
fn plan_a_run(bencher: Bencher) {
    let ids: Vec<&str> = EXAMPLE.nodes.keys().map(String::as_str).collect();
    bencher
        .counter(ItemsCount::new(ids.len()))
        .bench_local(|| Plan::build(&GRAPH, &EXAMPLE, ids.iter().copied(), Mode::Topological));
}

/// The text of `manifest.json`.
#[divan::bench]
fn write_the_manifest(bencher: Bencher) {
    let artifact = ArtifactMetadata {
        invocation_id: String::new(),
        generated_at: Timestamp::UNIX_EPOCH,
        invocation_started_at: Timestamp::UNIX_EPOCH,
        env: IndexMap::new(),
    };
    let metadata = ManifestMetadata { artifact, quoting: RelationParts::default() };
    let compiled = CompiledNodes::default();
    let json = ManifestJson { manifest: &EXAMPLE, metadata: &metadata, compiled: &compiled };
    let size = serde_json::to_vec(&json).expect("it can be written").len();
    bencher.counter(BytesCount::new(size)).bench_local(|| serde_json::to_vec(&json));
}

/// A query parsed and understood as far as it can be without knowing tables.
#[divan::bench]
fn read_a_query(bencher: Bencher) {
    let engine = Engine::new();
    let sql = engine.render_str(TEMPLATE, None, ().into()).expect("it renders").text();
    bencher.counter(BytesCount::of_str(&sql)).bench_local(|| Query::parse(black_box(&sql), Dialect::DUCKDB));
}

/// What the longest model of the example costs the template engine before anything is rendered.
#[divan::bench]
fn check_the_longest_model(bencher: Bencher) {
    let template = longest_model();
    bencher.counter(BytesCount::of_str(template)).bench_local(|| {
        let engine = Engine::new();
        engine.add_template("model", template, None);
        engine.check("model")
    });
}
