//! `lineage`, and what other commands need of it.

use std::collections::{BTreeSet, HashMap};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::opening::{Opening, Outcome, with_project};
use super::parsed::ParsedProject;
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::events::Event;
use crate::graph::selection::{ColumnReach, Reach};
use crate::lineage::{
    self, Cache, CatalogColumns, ColumnRef, Direction, Lineage, LineageJson, Parts, Places, Trace, open_lineage,
};
use crate::manifest::{CompiledNodes, ResourceType, utc};
use crate::plan::Plan;
use crate::runner::{Action, Runner, RunnerParts, Safeguards, Stop};
use crate::sql::InfluenceKind;

/// Show where columns come from and what is made of them; write target/lineage.json
#[derive(Debug, Args)]
pub(crate) struct LineageCommand {
    /// A model, snapshot, seed or source, or one of its columns: orders, orders.total, raw.payments.amount
    #[arg(value_name = "MODEL[.COLUMN]")]
    what: Option<String>,
    /// Only what it is made of
    #[arg(long)]
    upstream: bool,
    /// Only what is made of it
    #[arg(long)]
    downstream: bool,
    /// At most so many steps away
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = Output::Tree)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Tree,
    Json,
    Mermaid,
    Dot,
    Openlineage,
}

impl LineageCommand {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("lineage", Map::new(), overrides, |opening| self.show(opening))
    }

    fn show(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let project = opening.parse()?;
        opening.report_found(&project.manifest);
        let lineage = opening.lineage(&project)?;
        opening.write_lineage(&lineage)?;
        let msg = match &self.what {
            Some(what) => self.part(opening, &project, &lineage, what)?,
            None => self.whole(opening, &project, &lineage),
        };
        opening.report(&Event::ListCmdOut { msg });
        Ok(Outcome::Success)
    }

    /// Each direction that is asked for; both if none is.
    fn directions(&self) -> Vec<Direction> {
        let both = self.upstream == self.downstream;
        let mut directions = Vec::new();
        if self.upstream || both {
            directions.push(Direction::Upstream);
        }
        if self.downstream || both {
            directions.push(Direction::Downstream);
        }
        directions
    }

    fn part(
        &self,
        opening: &Opening,
        project: &ParsedProject,
        lineage: &Lineage,
        what: &str,
    ) -> Result<String, Diagnostics> {
        let starts = columns_named(project, lineage, what)?;
        let traces: Vec<(Direction, Trace)> = self
            .directions()
            .into_iter()
            .map(|direction| (direction, lineage.trace(&starts, direction, self.depth)))
            .collect();
        Ok(match self.output {
            Output::Tree => as_tree(lineage, &starts, &traces),
            Output::Json => as_json(lineage, &starts, &traces).to_string(),
            Output::Mermaid => lineage::mermaid(&traces.into_iter().map(|(_, trace)| trace).collect::<Vec<_>>()),
            Output::Dot => lineage::dot(&traces.into_iter().map(|(_, trace)| trace).collect::<Vec<_>>()),
            Output::Openlineage => {
                let met: BTreeSet<&str> = traces
                    .iter()
                    .flat_map(|(_, trace)| trace.distances.keys())
                    .map(|column| column.node.as_str())
                    .collect();
                events(opening, project, lineage, &met.into_iter().collect::<Vec<_>>())
            }
        })
    }

    fn whole(&self, opening: &Opening, project: &ParsedProject, lineage: &Lineage) -> String {
        let all: Vec<&str> = lineage.nodes.keys().map(String::as_str).collect();
        let columns: Vec<ColumnRef> = lineage
            .nodes
            .iter()
            .flat_map(|(id, node)| {
                node.columns.iter().map(|column| ColumnRef { node: id.clone(), column: column.name.clone() })
            })
            .collect();
        match self.output {
            Output::Openlineage => events(opening, project, lineage, &all),
            Output::Json => {
                let metadata = opening.lineage_metadata();
                json!(serde_json::to_value(metadata.of(lineage)).unwrap_or_default()).to_string()
            }
            Output::Mermaid => lineage::mermaid(&[lineage.trace(&columns, Direction::Upstream, Some(1))]),
            Output::Dot => lineage::dot(&[lineage.trace(&columns, Direction::Upstream, Some(1))]),
            Output::Tree => summary(lineage),
        }
    }
}

/// What is known and what is not.
fn summary(lineage: &Lineage) -> String {
    let coverage = lineage.coverage();
    let share = if coverage.columns == 0 { 100.0 } else { coverage.resolved as f64 * 100.0 / coverage.columns as f64 };
    let mut lines = vec![format!(
        "{} of {} columns of {} models are resolved ({share:.1} %)",
        coverage.resolved, coverage.columns, coverage.nodes
    )];
    for (id, node) in lineage.nodes.iter().filter(|(_, node)| node.has_query) {
        lines.extend(node.problem.iter().chain(&node.incomplete).map(|reason| format!("{id}: {reason}")));
        for column in &node.columns {
            lines.extend(column.unknown.first().map(|reason| format!("{id}.{}: {reason}", column.name)));
        }
    }
    lines.join("\n")
}

fn as_tree(lineage: &Lineage, starts: &[ColumnRef], traces: &[(Direction, Trace)]) -> String {
    let mut parts = Vec::new();
    for (direction, trace) in traces {
        let word = if *direction == Direction::Upstream { "upstream" } else { "downstream" };
        parts.push(format!("{word}\n{}", lineage::tree(lineage, trace, *direction)));
        match direction {
            Direction::Upstream => {
                let node = starts.first().and_then(|start| lineage.nodes.get(&start.node));
                let lines: Vec<String> = node
                    .into_iter()
                    .flat_map(|node| &node.influences)
                    .map(|influence| {
                        format!("{} {}.{}", influence.kind.as_str(), influence.from.node, influence.from.column)
                    })
                    .collect();
                if !lines.is_empty() {
                    parts.push(format!("which rows there are is decided by\n{}", lines.join("\n")));
                }
            }
            Direction::Downstream => {
                let influenced = lineage.influenced(trace);
                let lines: Vec<String> = influenced
                    .iter()
                    .map(|(id, kinds)| {
                        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                        format!("{id} ({})", kinds.join(", "))
                    })
                    .collect();
                if !lines.is_empty() {
                    parts.push(format!("these decide on rows of\n{}", lines.join("\n")));
                }
            }
        }
    }
    parts.join("\n\n")
}

fn as_json(lineage: &Lineage, starts: &[ColumnRef], traces: &[(Direction, Trace)]) -> Value {
    let place = |column: &ColumnRef| json!({"node": column.node, "column": column.column});
    let mut map = Map::new();
    map.insert("start".into(), starts.iter().map(place).collect());
    for (direction, trace) in traces {
        let steps: Value = trace
            .steps
            .iter()
            .map(|step| json!({"from": place(&step.from), "to": place(&step.to), "kind": step.kind.as_str()}))
            .collect();
        match direction {
            Direction::Upstream => {
                map.insert("upstream".into(), steps);
                let node = starts.first().and_then(|start| lineage.nodes.get(&start.node));
                let influences: Value = node
                    .into_iter()
                    .flat_map(|node| &node.influences)
                    .map(|influence| json!({"from": place(&influence.from), "kind": influence.kind.as_str()}))
                    .collect();
                map.insert("influences".into(), influences);
            }
            Direction::Downstream => {
                map.insert("downstream".into(), steps);
                let influenced: Map<String, Value> = lineage
                    .influenced(trace)
                    .into_iter()
                    .map(|(id, kinds)| (id, kinds.into_iter().map(InfluenceKind::as_str).collect()))
                    .collect();
                map.insert("influenced".into(), influenced.into());
            }
        }
    }
    let unknown: Map<String, Value> = traces
        .iter()
        .flat_map(|(_, trace)| trace.distances.keys())
        .filter_map(|column| {
            let found = lineage.nodes.get(&column.node)?.column(&column.column)?;
            (!found.unknown.is_empty())
                .then(|| (format!("{}.{}", column.node, column.column), found.unknown.clone().into()))
        })
        .collect();
    map.insert("unknown".into(), unknown.into());
    Value::Object(map)
}

fn events(opening: &Opening, project: &ParsedProject, lineage: &Lineage, ids: &[&str]) -> String {
    let adapter = project.session.adapter();
    let target = adapter.target_fields();
    let text = |key: &str| target.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let namespace = match (text("host"), text("port")) {
        (Some(host), Some(port)) => format!("{}://{host}:{port}", adapter.type_name()),
        (Some(host), None) => format!("{}://{host}", adapter.type_name()),
        _ => adapter.type_name().to_owned(),
    };
    let manifest = &project.manifest;
    let names = |id: &str| {
        let place = manifest
            .nodes
            .get(id)
            .map(|node| (node.database.as_deref(), node.schema.as_str(), node.alias.as_str()))
            .or_else(|| {
                let source = manifest.sources.get(id)?;
                Some((source.database.as_deref(), source.schema.as_str(), source.identifier.as_str()))
            });
        place.map_or_else(
            || id.to_owned(),
            |(database, schema, name)| format!("{}.{schema}.{name}", database.unwrap_or(adapter.database())),
        )
    };
    let time = utc(jiff::Timestamp::now());
    let places = Places { namespace: &namespace, project: &opening.config.project.name, names: &names, time: &time };
    open_lineage(lineage, ids, &places).to_string()
}

/// The columns that `orders` (all of them) or `orders.total` means.
fn columns_named(project: &ParsedProject, lineage: &Lineage, what: &str) -> Result<Vec<ColumnRef>, Diagnostic> {
    if let Some(id) = node_named(project, lineage, what) {
        let columns = lineage.nodes[id].columns.iter();
        return Ok(columns.map(|column| ColumnRef { node: id.to_owned(), column: column.name.clone() }).collect());
    }
    column_named(project, lineage, what).map(|column| vec![column])
}

fn column_named(project: &ParsedProject, lineage: &Lineage, what: &str) -> Result<ColumnRef, Diagnostic> {
    for (at, _) in what.rmatch_indices('.') {
        let (name, column) = (&what[..at], &what[at + 1..]);
        let Some(id) = node_named(project, lineage, name) else { continue };
        let node = &lineage.nodes[id];
        return match node.column(column) {
            Some(found) => Ok(ColumnRef { node: id.to_owned(), column: found.name.clone() }),
            None if node.incomplete.is_some() => Ok(ColumnRef { node: id.to_owned(), column: column.to_owned() }),
            None => Err(Diagnostic::error(Code::USAGE, format!("`{name}` has no column `{column}`"))
                .suggest(column, node.columns.iter().map(|column| column.name.as_str()))),
        };
    }
    let names = project.manifest.nodes.values().filter(|node| node.is_refable()).map(|node| node.name.as_str());
    Err(Diagnostic::error(
        Code::USAGE,
        format!("`{what}` is neither a model, snapshot, seed or source nor a column of one"),
    )
    .suggest(what.split('.').next().unwrap_or(what), names))
}

/// The node that a name means: unique id, name, `package.name`, of a source `source.table`.
fn node_named<'l>(project: &ParsedProject, lineage: &'l Lineage, name: &str) -> Option<&'l str> {
    let manifest = &project.manifest;
    lineage.nodes.keys().map(String::as_str).find(|id| {
        *id == name
            || manifest.nodes.get(*id).is_some_and(|node| {
                node.name == name
                    || node.search_name() == name
                    || format!("{}.{}", node.package_name, node.name) == name
            })
            || manifest.sources.get(*id).is_some_and(|source| {
                let short = format!("{}.{}", source.source_name, source.name);
                short == name || format!("{}.{short}", source.package_name) == name
            })
    })
}

/// What `lineage.json` says of the invocation.
pub(crate) struct LineageMetadata {
    time: String,
    invocation_id: String,
}

impl LineageMetadata {
    fn of<'a>(&'a self, lineage: &'a Lineage) -> LineageJson<'a> {
        LineageJson { lineage, generated_at: &self.time, invocation_id: &self.invocation_id }
    }
}

impl Opening {
    fn lineage_metadata(&self) -> LineageMetadata {
        let invocation_id = self.config.invocation.invocation_id.clone();
        LineageMetadata { time: utc(jiff::Timestamp::now()), invocation_id }
    }

    /// Compiles all models and snapshots and follows their columns. Writes neither manifest nor results; what does not compile
    /// is unknown.
    pub(crate) fn lineage(&self, project: &ParsedProject) -> Result<Lineage, Diagnostics> {
        let ids = project.manifest.nodes.values().filter(|node| {
            matches!(node.resource_type, ResourceType::Model | ResourceType::Snapshot) && node.config.enabled()
        });
        let ids: Vec<&str> = ids.map(|node| node.unique_id.as_str()).collect();
        let plan = Plan::with_ephemeral(&project.graph, &project.manifest, ids.iter().copied());
        let mut compiled = CompiledNodes::default();
        if !plan.is_empty() {
            let runner = Runner::new(RunnerParts {
                safeguards: Safeguards::default(),
                session: Arc::clone(&project.session),
                manifest: Arc::clone(&project.manifest),
                stop: Stop::new(false),
                action: Action::Compile,
                batches: HashMap::new(),
                deferred: Arc::new(self.deferred(project, false)?),
            })?;
            compiled = runner.run(&Arc::new(plan))?.compiled;
        }
        self.lineage_of(project, &compiled)
    }

    /// The lineage of nodes that are compiled already.
    pub(crate) fn lineage_of(&self, project: &ParsedProject, compiled: &CompiledNodes) -> Result<Lineage, Diagnostics> {
        let folder = self.config.project.target_dir();
        let catalog: CatalogColumns = std::fs::read(folder.join("catalog.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .map(|catalog| lineage::catalog_columns(&catalog))
            .unwrap_or_default();
        let mut cache = Cache::read(&folder.join(CACHE));
        let lineage = lineage::build(Parts {
            manifest: &project.manifest,
            graph: &project.graph,
            compiled,
            adapter: project.session.adapter().as_ref(),
            catalog: &catalog,
            cache: &mut cache,
        });
        if self.config.flags.write_json && cache.missed > 0 {
            self.target().write_json(CACHE, &cache.to_json())?;
        }
        Ok(lineage)
    }

    /// Writes `lineage.json`, if artifacts are to be written.
    pub(crate) fn write_lineage(&self, lineage: &Lineage) -> Result<(), Diagnostics> {
        if self.config.flags.write_json {
            self.target().write_json("lineage.json", &self.lineage_metadata().of(lineage))?;
        }
        Ok(())
    }

    /// An error for each name in the SQL of these nodes that is no column of what it is selected from.
    pub(crate) fn missing_columns(
        &self,
        lineage: &Lineage,
        compiled: &CompiledNodes,
        ids: &BTreeSet<String>,
    ) -> Diagnostics {
        let mut problems = Diagnostics::new();
        for (id, node) in lineage.nodes.iter().filter(|(id, _)| ids.contains(*id)) {
            let Some(found) = compiled.get(id) else { continue };
            let Some(code) = &found.code else { continue };
            for missing in &node.missing {
                let path = found.compiled_path.clone().unwrap_or_else(|| format!("{id}.sql"));
                let source = self.sources.add(path, code.as_str());
                let (start, end) = place_of(code, missing.line, missing.column, &missing.name);
                let column = missing.name.rsplit('.').next().unwrap_or(&missing.name);
                problems.push(
                    Diagnostic::error(
                        Code::COLUMN_NOT_FOUND,
                        format!("{id} selects `{}`, which is no column", missing.name),
                    )
                    .at_some(Some(Span { source, start, end }), "not a column of what is selected from")
                    .suggest(column, missing.known.iter().map(String::as_str)),
                );
            }
        }
        problems
    }
}

/// The file of the cache within the target folder.
const CACHE: &str = "lineage_cache.json";

/// The bytes of a name at a line and a column that count from 1.
pub(super) fn place_of(text: &str, line: u64, column: u64, name: &str) -> (u32, u32) {
    let before: usize = text.split_inclusive('\n').take((line as usize).saturating_sub(1)).map(str::len).sum();
    let within: usize = text[before..].chars().take((column as usize).saturating_sub(1)).map(char::len_utf8).sum();
    let start = before + within;
    let end = (start + name.len()).min(text.len());
    let end = (start..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    (start as u32, end as u32)
}

/// Answers `column:` selections.
pub(crate) struct Columns<'a> {
    pub(crate) project: &'a ParsedProject,
    pub(crate) lineage: &'a Lineage,
}

impl ColumnReach for Columns<'_> {
    fn reach(&self, column: &str, upstream: Reach, downstream: Reach) -> Result<BTreeSet<String>, Diagnostic> {
        let start = column_named(self.project, self.lineage, column)?;
        let mut found = BTreeSet::from([start.node.clone()]);
        if let Reach::Steps(depth) = upstream {
            found.extend(self.lineage.source_nodes(&start, depth));
        }
        if let Reach::Steps(depth) = downstream {
            found.extend(self.lineage.affected_nodes(&start, depth));
        }
        Ok(found)
    }
}
