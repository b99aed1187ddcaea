//! Compiling one node.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::Value as JinjaValue;
use serde_json::{Map, Value};

use super::UnitTestPlan;
use crate::context::{NodeRun, render_test_arguments};
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};
use crate::jinja::{JinjaError, Origin, has_tags};
use crate::manifest::{CompiledNode, Node, ResourceType};
use crate::sql::add_ctes;

/// A node's SQL.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Its SQL, CTEs included.
    pub code: String,
    /// The CTEs that were put before it: unique id of the ephemeral model and `name as (…)`, in order of dependency.
    pub extra_ctes: Vec<(String, String)>,
    /// The SQL as a text that diagnostics can point into.
    pub source: SourceId,
}

/// A node's own SQL before CTEs, and the CTEs that it needs.
#[derive(Debug, Clone)]
struct Rendered {
    code: String,
    extra_ctes: Vec<(String, String)>,
}

/// Compiles nodes; shared by all workers of a run.
#[derive(Debug, Default)]
pub struct Compiler {
    ephemeral: Mutex<HashMap<String, Arc<Rendered>>>,
}

impl Compiler {
    /// A compiler that has compiled nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The SQL of the node that `run` is about.
    pub fn compile(&self, run: &Arc<NodeRun>) -> Result<Compiled, Diagnostic> {
        Ok(finish(run, self.rendered(run)?))
    }

    /// The SQL of a unit test: its model's, with the rows of its inputs as CTEs. `run` is of the plan's node and overrides.
    pub fn compile_unit_test(&self, run: &Arc<NodeRun>, plan: &UnitTestPlan) -> Result<Compiled, Diagnostic> {
        let mut rendered = self.rendered(run)?;
        let mut fixtures = Vec::with_capacity(plan.fixtures.len());
        for fixture in &plan.fixtures {
            let rows = render(&run.of_node(Arc::clone(&fixture.node)))?;
            fixtures.push((fixture.node.unique_id.clone(), format!("{} as (\n{rows}\n)", fixture.cte)));
        }
        rendered.extra_ctes.splice(0..0, fixtures);
        Ok(finish(run, rendered))
    }

    /// Every ephemeral model that a compiled node needed, with its own CTEs.
    pub fn ephemeral_models(&self) -> Vec<(String, CompiledNode)> {
        let known = self.lock();
        let mut models: Vec<_> = known
            .iter()
            .map(|(id, rendered)| {
                let ctes: Vec<String> = rendered.extra_ctes.iter().map(|(_, cte)| cte.clone()).collect();
                let code = Some(add_ctes(&rendered.code, &ctes));
                (id.clone(), CompiledNode { code, extra_ctes: rendered.extra_ctes.clone(), ..CompiledNode::default() })
            })
            .collect();
        models.sort_by(|one, other| one.0.cmp(&other.0));
        models
    }

    fn rendered(&self, run: &Arc<NodeRun>) -> Result<Rendered, Diagnostic> {
        let code = render(run)?;
        let mut extra_ctes: Vec<(String, String)> = Vec::new();
        if !run.session().config().flags.inject_ephemeral_ctes {
            return Ok(Rendered { code, extra_ctes });
        }
        for id in run.ephemeral_refs() {
            let upstream = self.ephemeral(run, &id)?;
            let known = |id: &str, list: &[(String, String)]| list.iter().any(|(known, _)| known == id);
            for cte in &upstream.extra_ctes {
                if !known(&cte.0, &extra_ctes) {
                    extra_ctes.push(cte.clone());
                }
            }
            if !known(&id, &extra_ctes) {
                let alias = run.manifest().nodes.get(&id).map_or("", |node| node.alias.as_str());
                let cte = format!("__dbt__cte__{alias} as (\n{}\n)", upstream.code);
                extra_ctes.push((id, cte));
            }
        }
        Ok(Rendered { code, extra_ctes })
    }

    /// An ephemeral model that `run` refers to; compiled once. No lock is held while it is rendered.
    fn ephemeral(&self, run: &Arc<NodeRun>, id: &str) -> Result<Arc<Rendered>, Diagnostic> {
        if let Some(known) = self.lock().get(id) {
            return Ok(Arc::clone(known));
        }
        let node = run.manifest().nodes.get(id).ok_or_else(|| {
            Diagnostic::error(
                Code::REF_NOT_FOUND,
                format!("{} refers to {id}, which is not in the project", run.node().unique_id),
            )
        })?;
        let rendered = Arc::new(self.rendered(&run.of_node(Arc::clone(node)))?);
        self.lock().insert(id.to_owned(), Arc::clone(&rendered));
        Ok(rendered)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Rendered>>> {
        self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the CTEs before the query and makes the result a text that diagnostics can point into.
fn finish(run: &Arc<NodeRun>, rendered: Rendered) -> Compiled {
    let ctes: Vec<String> = rendered.extra_ctes.iter().map(|(_, cte)| cte.clone()).collect();
    let code = add_ctes(&rendered.code, &ctes);
    let node = run.node();
    // As it is written to disk: tests of a property file stand below it.
    let below = if node.test.metadata.is_some() || node.resource_type == ResourceType::UnitTest {
        format!("{}/{}", node.original_file_path, node.path)
    } else {
        node.original_file_path.clone()
    };
    let path = format!("target/compiled/{}/{below}", node.package_name);
    let source = run.session().sources().add(path, code.as_str());
    Compiled { code, extra_ctes: rendered.extra_ctes, source }
}

/// Renders the node's own template.
fn render(run: &Arc<NodeRun>) -> Result<String, Diagnostic> {
    let node = run.node();
    if !has_tags(&node.raw_code) {
        return Ok(node.raw_code.to_string());
    }
    let mut names = BTreeMap::new();
    if let Some(metadata) = &node.test.metadata {
        names.insert("_dbt_generic_test_kwargs".to_owned(), test_arguments(run, &metadata.kwargs)?);
    }
    let context = run.context_with(names);
    let engine = run.session().engine();
    let rendered = engine.render_str(&node.raw_code, origin(node), context).map_err(|error| describe(run, error))?;
    Ok(rendered.text())
}

fn test_arguments(run: &Arc<NodeRun>, kwargs: &Map<String, Value>) -> Result<JinjaValue, Diagnostic> {
    let engine = run.session().engine();
    render_test_arguments(kwargs, &mut |text: &str| {
        engine
            .render_native(text, None, run.context())
            .map(|rendered| rendered.value)
            .map_err(|error| describe(run, error))
    })
}

/// Where a node's template stands; the template of a generic test stands nowhere.
fn origin(node: &Node) -> Option<Origin> {
    let is_generic = node.resource_type == ResourceType::Test && node.test.metadata.is_some();
    node.span.filter(|_| !is_generic).map(|Span { source, start, .. }| Origin::new(source, start as usize))
}

fn describe(run: &Arc<NodeRun>, error: JinjaError) -> Diagnostic {
    let problem = error.suggest(run.session().macros().names()).diagnostic;
    if problem.labels.is_empty() { problem.at_some(run.node().span, "while this was compiled") } else { problem }
}
