//! `source freshness`: when each source was last loaded, and whether that is too long ago.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use minijinja::Value;

use super::failure::{self, Failure};
use super::inline::inline_node;
use super::node::{close_transaction, finished, iso_now};
use super::pool::{self, Pool, Taken};
use super::run::Runner;
use super::subject::Subject;
use super::{hooks, summary};
use crate::adapters::{Cell, Table};
use crate::artifacts::{FreshnessOutcome, FreshnessResult, KnownFreshness};
use crate::context::{NodeRun, Overrides, RunOptions, StatementResult, Worker};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::jinja::Origin;
use crate::manifest::{FreshnessRule, FreshnessThreshold, ResourceType, Source};
use crate::plan::{NodeResult, NodeStatus, Plan, Timing};

/// What asking the sources gave.
#[derive(Debug, Default)]
pub struct FreshnessReport {
    /// For `sources.json`, in the order of completion.
    pub sources: Vec<FreshnessResult>,
    /// Hooks of the project and sources with their status.
    pub results: Vec<NodeResult>,
    /// Seconds.
    pub elapsed: f64,
}

impl FreshnessReport {
    /// Whether no source is stale beyond its `error_after`, and all could be asked.
    pub fn is_success(&self) -> bool {
        !self.results.iter().any(NodeResult::is_failure)
    }
}

/// Whether a source says how fresh it must be.
pub fn has_freshness(source: &Source) -> bool {
    source.freshness.as_ref().is_some_and(|rule| rule.warn_after.is_some() || rule.error_after.is_some())
}

impl Runner {
    /// Asks each source of the plan. An error means that it could not begin; failures of sources are in the report.
    pub fn check_freshness(&self, plan: &Plan) -> Result<FreshnessReport, Diagnostics> {
        let begin = Instant::now();
        let threads = self.threads();
        self.report(&Event::blank());
        self.report(&Event::ConcurrencyLine {
            node_count: plan.len(),
            num_threads: threads,
            target_name: self.session.config().profile.target_name.clone(),
        });
        self.report(&Event::blank());
        let runs_hooks = self.session.config().flags.behaves("source_freshness_run_project_hooks");
        let main = self.worker("MainThread")?;
        if runs_hooks {
            hooks::run_all(self, hooks::When::Start, &main)?;
        }
        let workers = (0..threads.min(plan.len()).max(1))
            .map(|number| self.worker(&pool::thread_name(number)))
            .collect::<Result<Vec<_>, Diagnostic>>()?;
        let known: Mutex<Vec<FreshnessResult>> = Mutex::default();
        Pool::<Infallible>::new(plan, workers.len(), &self.stop, &self.results, self.session.adapter().as_ref())
            .work_through(
                &workers,
                |worker, taken, _| self.freshness_job(plan, worker, taken, &known),
                |_, never, _| match never {},
            );
        if runs_hooks && !self.is_interrupted() {
            hooks::run_all(self, hooks::When::End, &main)?;
        }
        let results = std::mem::take(&mut *self.results());
        summary::report_finish(self.reporter(), &self.manifest, &results, begin.elapsed().as_secs_f64());
        for result in results.iter().filter(|result| result.is_failure()) {
            summary::report_problem(self.reporter(), &self.manifest, self.session.sources(), result, true);
        }
        self.report(&Event::blank());
        self.report(&Event::FreshnessCheckComplete {});
        Ok(FreshnessReport {
            sources: known.into_inner().unwrap_or_else(PoisonError::into_inner),
            results,
            elapsed: begin.elapsed().as_secs_f64(),
        })
    }

    fn freshness_job(
        &self,
        plan: &Plan,
        worker: &Arc<Worker>,
        taken: Taken,
        known: &Mutex<Vec<FreshnessResult>>,
    ) -> NodeResult {
        let begin = Instant::now();
        let id = &plan.jobs()[taken.job].unique_id;
        let Some(source) = self.manifest.sources.get(id) else {
            return NodeResult::skipped(id, ResourceType::Source, None);
        };
        let subject = Subject::Source(Arc::clone(source));
        let mut node_info = subject.node_info();
        node_info.node_started_at = iso_now();
        node_info.node_status = "started".into();
        self.report(&Event::NodeStart { node_info: node_info.clone() });
        self.report(&Event::LogStartLine {
            description: format!("freshness of {}.{}", source.source_name, source.name),
            index: taken.index,
            node_info: node_info.clone(),
            total: plan.len(),
        });
        // There is nothing to compile; dbt says so all the same.
        "compiling".clone_into(&mut node_info.node_status);
        self.report(&Event::NodeCompiling { node_info: node_info.clone() });
        "executing".clone_into(&mut node_info.node_status);
        self.report(&Event::NodeExecuting { node_info: node_info.clone() });
        self.stop.begins(id, worker);
        let started_at = Some(Timestamp::now());
        let outcome = self.ask(source, worker);
        // A source has nothing to compile; dbt writes the step all the same.
        let timing = vec![
            Timing { name: "compile", started_at, completed_at: started_at },
            Timing { name: "execute", started_at, completed_at: Some(Timestamp::now()) },
        ];
        self.stop.ends(id);
        close_transaction(worker);
        let execution_time = begin.elapsed().as_secs_f64();
        let result = match &outcome {
            Ok(known) => NodeResult {
                message: (known.status == NodeStatus::Error).then(|| stale(source, known)),
                adapter_response: known.adapter_response.clone(),
                ..NodeResult::new(id, ResourceType::Source, known.status)
            },
            Err(problem) => {
                let mut problem = problem.clone();
                if problem.code == Code::DATABASE {
                    // The built-in macro around the query says nothing about the source.
                    problem.frames.clear();
                    problem = problem.at_some(source.span, "of this table");
                }
                let failure = Failure::from(problem);
                NodeResult {
                    message: Some(failure::message(&failure, &subject, &self.session)),
                    diagnostics: failure.diagnostics,
                    ..NodeResult::new(id, ResourceType::Source, NodeStatus::RuntimeError)
                }
            }
        };
        let result = NodeResult { timing, execution_time, thread_id: worker.name.clone(), ..result };
        node_info.node_finished_at = iso_now();
        node_info.node_status = result.status.as_str().into();
        self.report(&Event::LogFreshnessResult {
            execution_time,
            index: taken.index,
            node_info: node_info.clone(),
            source_name: source.source_name.clone(),
            status: result.status.as_str().into(),
            table_name: source.name.clone(),
            total: plan.len(),
        });
        finished(self, &result, node_info);
        if let Ok(outcome) = outcome {
            let outcome = FreshnessOutcome::Known(Box::new(KnownFreshness {
                timing: result.timing.clone(),
                thread_id: worker.name.clone(),
                execution_time,
                ..outcome
            }));
            let result = FreshnessResult { unique_id: id.clone(), outcome };
            known.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        }
        result
    }

    /// Calls the macro that asks the warehouse, and judges its answer.
    fn ask(&self, source: &Source, worker: &Arc<Worker>) -> Result<KnownFreshness, Diagnostic> {
        let rule = source.freshness.clone().unwrap_or_default();
        let mut node = inline_node(&self.session, &self.manifest, &source.name, "");
        node.unique_id.clone_from(&source.unique_id);
        node.package_name.clone_from(&source.package_name);
        let relation = crate::context::relation_of_source(&self.session, source)?;
        let overrides = Overrides { this: Some(relation.clone()), ..Overrides::default() };
        let run = self.node_run(&Arc::new(node), worker, RunOptions { overrides, ..RunOptions::default() });
        let relation = run.relation_value(relation);
        let name = match (&source.loaded_at_query, &source.loaded_at_field) {
            (Some(query), _) => {
                let sql = self.render_query(&run, source, query)?;
                let name = "collect_freshness_custom_sql";
                run.call_macro_named(name, &[relation, Value::from(sql)])?;
                name
            }
            (None, Some(field)) => {
                let filter = rule.filter.as_deref().map_or(Value::from(()), Value::from);
                run.call_macro_named("collect_freshness", &[relation, Value::from(field.as_str()), filter])?;
                "collect_freshness"
            }
            (None, None) => {
                return Err(Diagnostic::error(
                    Code::UNSUPPORTED,
                    format!(
                        "Could not compute freshness for source {}: no 'loaded_at_field' provided and {} adapter does not \
                         support metadata-based freshness checks.",
                        source.name,
                        self.session.adapter().type_name()
                    ),
                )
                .at_some(source.span, "this table")
                .hint("give it a `loaded_at_field`"));
            }
        };
        let answer = run.statement_result(name).ok_or_else(|| {
            Diagnostic::error(Code::INVALID_RESOURCE, format!("{name} ran no statement of that name"))
        })?;
        judge(source, &rule, &answer)
    }

    fn render_query(&self, run: &Arc<NodeRun>, source: &Source, query: &str) -> Result<String, Diagnostic> {
        let origin = source.span.map(|span| Origin::new(span.source, span.start as usize));
        let rendered = self.session.engine().render_str(query, origin, run.context());
        rendered.map(|rendered| rendered.text()).map_err(|error| error.diagnostic)
    }
}

fn judge(source: &Source, rule: &FreshnessRule, answer: &StatementResult) -> Result<KnownFreshness, Diagnostic> {
    let wrong = |why: String| {
        let what = format!("Could not compute freshness for source {}: {why}", source.name);
        Diagnostic::error(Code::INVALID_RESOURCE, what).at_some(source.span, "this table")
    };
    let table: &Table = &answer.table;
    if table.len() != 1 || table.columns().len() != 2 {
        return Err(wrong("the macro must give one row of `max_loaded_at` and `snapshotted_at`".into()));
    }
    let snapshotted_at = moment(&table.cell(0, 1)).map_err(&wrong)?.unwrap_or_else(Timestamp::now);
    // What was never loaded was loaded infinitely long ago.
    let never = jiff::civil::date(1, 1, 1).to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp());
    let max_loaded_at = moment(&table.cell(0, 0)).map_err(&wrong)?.or(never.ok()).unwrap_or(Timestamp::MIN);
    let age = snapshotted_at.duration_since(max_loaded_at).as_secs_f64();
    let exceeded = |threshold: Option<FreshnessThreshold>| threshold.is_some_and(|limit| age > limit.seconds());
    let status = if exceeded(rule.error_after) {
        NodeStatus::Error
    } else if exceeded(rule.warn_after) {
        NodeStatus::Warn
    } else {
        NodeStatus::Pass
    };
    Ok(KnownFreshness {
        status,
        max_loaded_at,
        snapshotted_at,
        age,
        criteria: rule.clone(),
        adapter_response: answer.response.to_map(),
        timing: Vec::new(),
        thread_id: String::new(),
        execution_time: 0.0,
    })
}

/// A timestamp; one without zone is of UTC.
fn moment(cell: &Cell) -> Result<Option<Timestamp>, String> {
    let (text, kind) = match cell {
        Cell::Null => return Ok(None),
        Cell::Timestamp(text) => (format!("{}Z", text.replacen(' ', "T", 1)), "timestamp"),
        Cell::TimestampTz(text) => (text.replacen(' ', "T", 1), "timestamp"),
        Cell::Date(text) => (text.clone(), "date"),
        Cell::Text(text) => (text.clone(), "str"),
        other => (other.to_string(), "other type"),
    };
    if kind != "timestamp" {
        return Err(format!("expected a timestamp, but received a value of type '{kind}': {text}"));
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is no timestamp"))
}

fn stale(source: &Source, known: &KnownFreshness) -> String {
    format!(
        "{}.{} was last loaded at {}, {:.0} seconds before it was asked",
        source.source_name, source.name, known.max_loaded_at, known.age
    )
}

#[cfg(test)]
mod tests {
    use super::moment;
    use crate::adapters::Cell;

    #[test]
    fn moments_are_of_utc_and_dates_are_none() {
        let read = |cell: Cell| moment(&cell).map(|moment| moment.map(|moment| moment.to_string()));
        let utc = Ok(Some("2024-01-31T10:00:00.5Z".to_owned()));
        assert_eq!(read(Cell::Timestamp("2024-01-31 10:00:00.5".into())), utc);
        assert_eq!(read(Cell::TimestampTz("2024-01-31 11:00:00.5+01:00".into())), utc);
        assert_eq!(read(Cell::Null), Ok(None));
        assert!(read(Cell::Date("2024-01-31".into())).unwrap_err().contains("'date'"));
    }
}
