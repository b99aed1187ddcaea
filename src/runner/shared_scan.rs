//! Tests that look at the rows of one relation: what they find is counted in one scan of it.
//!
//! An audit compiles all tests of its node before it runs the first and asks for their [`counts`]. Of tests that are jobs of their own,
//! [`SharedScans`] lets the first compile all that look at the same relation.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use super::run::{Action, Runner};
use crate::adapters::Cell;
use crate::compiler::Compiled;
use crate::context::{ForeseenCount, NodeRun, RunOptions, Worker};
use crate::manifest::{Node, ResourceType, time_limit};
use crate::plan::Plan;
use crate::sql::FilteredScan;

/// How many conditions one query may have: PostgreSQL allows 1,664 columns.
const CONDITIONS: usize = 500;

/// The jobs of a plan that are tests of one relation, with others of the same.
#[derive(Default)]
pub(super) struct SharedScans {
    relations: Vec<TestedRelation>,
    /// Place of a test's relation, by the test's unique id.
    of_test: HashMap<String, usize>,
}

struct TestedRelation {
    tests: Vec<Arc<Node>>,
    /// What is not taken yet, once the first job has asked.
    ahead: Mutex<Option<HashMap<String, Ahead>>>,
}

/// What is known of a test when its own job begins.
pub(super) struct Ahead {
    pub(super) compiled: Compiled,
    pub(super) count: Option<ForeseenCount>,
}

impl SharedScans {
    /// Those of a plan. Tests of an audit are none: they are run before their own jobs.
    pub(super) fn new(runner: &Runner, plan: &Plan) -> Self {
        let mut scans = Self::default();
        // In the transaction of a whole run, a test that cannot be compiled would be in the way of others.
        if !runner.session.adapter().tests_share_scans()
            || runner.action != Action::Build
            || runner.safeguards.publishes_whole_run
        {
            return scans;
        }
        let audited: HashSet<&str> = plan.gates().iter().flat_map(|(_, tests)| tests).map(String::as_str).collect();
        let mut relations: IndexMap<&str, Vec<Arc<Node>>> = IndexMap::new();
        for job in plan.jobs().iter().filter(|job| !audited.contains(job.unique_id.as_str())) {
            let Some(node) = runner.manifest.nodes.get(&job.unique_id) else { continue };
            if node.resource_type == ResourceType::Test
                && node.relation_name.is_none()
                && only_counts(node)
                && let [relation] = node.depends_on.nodes.as_slice()
            {
                relations.entry(relation).or_default().push(Arc::clone(node));
            }
        }
        for tests in relations.into_values().filter(|tests| tests.len() > 1) {
            let place = scans.relations.len();
            scans.of_test.extend(tests.iter().map(|test| (test.unique_id.clone(), place)));
            scans.relations.push(TestedRelation { tests, ahead: Mutex::default() });
        }
        scans
    }

    /// What is known of a test; the first that asks finds it out for all of its relation. None where it must compile itself.
    pub(super) fn take(&self, runner: &Runner, test: &Node, worker: &Arc<Worker>) -> Option<Ahead> {
        let relation = &self.relations[*self.of_test.get(&test.unique_id)?];
        let mut ahead = relation.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.get_or_insert_with(|| relation.look_ahead(runner, worker)).remove(&test.unique_id)
    }
}

impl TestedRelation {
    fn look_ahead(&self, runner: &Runner, worker: &Arc<Worker>) -> HashMap<String, Ahead> {
        let compile = |test: &Arc<Node>| {
            let mut options = RunOptions::default();
            runner.look_at_candidates(test, &mut options);
            let run = runner.node_run(test, worker, options);
            let compiled = runner.compiler.compile(&run).ok()?;
            Some((run, compiled))
        };
        let compiled: Vec<_> = self.tests.iter().filter_map(compile).collect();
        let tests: Vec<_> = compiled.iter().map(|(run, compiled)| (run, compiled.code.as_str())).collect();
        let mut counts = counts(runner, &tests);
        let ahead = compiled.into_iter().map(|(run, compiled)| {
            let unique_id = &run.node().unique_id;
            (unique_id.clone(), Ahead { compiled, count: counts.remove(unique_id) })
        });
        ahead.collect()
    }
}

/// The counts of those of these tests, with their compiled SQL, that share a scan with others; by unique id. Where such a query fails,
/// none of its tests is counted: each will tell by itself whether it fails.
pub(super) fn counts(runner: &Runner, tests: &[(&Arc<NodeRun>, &str)]) -> HashMap<String, ForeseenCount> {
    let mut counts = HashMap::new();
    let adapter = runner.session.adapter();
    if !adapter.tests_share_scans() || tests.len() < 2 {
        return counts;
    }
    let mut scans: IndexMap<&str, Vec<(&Arc<NodeRun>, &str)>> = IndexMap::new();
    for (run, code) in tests.iter().filter(|(run, _)| only_counts(run.node())) {
        if let Some(scan) = FilteredScan::parse(code, adapter.dialect()) {
            scans.entry(scan.relation).or_default().push((run, scan.condition));
        }
    }
    let shared =
        scans.iter().flat_map(|(relation, tests)| tests.chunks(CONDITIONS).map(move |tests| (relation, tests)));
    for (relation, tests) in shared.filter(|(_, tests)| tests.len() > 1) {
        let columns: Vec<_> =
            tests.iter().map(|(_, condition)| format!("count(case when (\n{condition}\n) then 1 end)")).collect();
        let run = tests[0].0;
        let Ok((response, table)) = run.query(&format!("select\n{}\nfrom {relation}", columns.join(",\n"))) else {
            let mut connection = run.worker().connection();
            if connection.in_transaction() && connection.return_to_mark().is_err() {
                break;
            }
            continue;
        };
        for (column, (run, _)) in tests.iter().enumerate() {
            if let Cell::Int(rows) = table.cell(0, column)
                && let Ok(rows) = i64::try_from(rows)
            {
                counts.insert(run.node().unique_id.clone(), ForeseenCount { rows, response: response.clone() });
            }
        }
    }
    counts
}

/// Whether a test wants to know nothing but whether there are rows.
fn only_counts(test: &Node) -> bool {
    let is = |key, plain| test.config.str(key).is_none_or(|value| value == plain);
    let is_unset = |key| test.config.get(key).is_none();
    is("fail_calc", "count(*)")
        && is("warn_if", "!= 0")
        && is("error_if", "!= 0")
        && is_unset("limit")
        && is_unset("sql_header")
        && matches!(time_limit(&test.config), Ok(None))
}
