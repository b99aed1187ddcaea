//! Unit tests: a model over given rows, compared with the rows that are expected.

use std::sync::Arc;

use super::failure::Failure;
use super::model;
use super::node::{Done, Running, compile};
use super::row_difference::row_difference;
use super::run::Action;
use crate::artifacts::CodePath;
use crate::compiler::unit_test_plan;
use crate::context::{NodeRun, RunOptions};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::UnitTest;
use crate::plan::NodeStatus;

/// Runs a unit test.
pub(super) fn run(running: &mut Running<'_>, test: &Arc<UnitTest>) -> Result<Done, Failure> {
    let runner = running.runner;
    // Fixtures take their types from the inputs' relations, which need not exist before a build.
    if runner.action != Action::Build {
        return Ok(Done::default());
    }
    let plan = unit_test_plan(&runner.manifest, test)?;
    let options = RunOptions { overrides: plan.overrides.clone(), ..RunOptions::default() };
    let run = runner.node_run(&plan.node, running.worker, options);
    let path = CodePath::of_unit_test(test);
    let make = |run: &Arc<NodeRun>| runner.compiler.compile_unit_test(run, &plan);
    let compiled = running.timed("compile", |running| compile(runner, running.node_info(), &run, &path, make))?;
    running
        .timed("execute", |_| model::materialize_at(runner, &run, compiled.as_ref(), &path))
        .map_err(|failure| failure.of_unit_test(&test.name))?;
    let main = run
        .statement_result("main")
        .ok_or_else(|| Diagnostic::error(Code::INVALID_TEST, "the unit test ran no statement named `main`"))?;
    let difference = row_difference(&main.table);
    Ok(Done {
        status: Some(if difference.is_some() { NodeStatus::Fail } else { NodeStatus::Pass }),
        failures: Some(i64::from(difference.is_some())),
        message: difference,
        adapter_response: main.response.to_map(),
        ..Done::default()
    })
}
