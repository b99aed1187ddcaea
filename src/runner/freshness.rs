//! `source freshness`: how long ago the newest row of each source was loaded, and whether that is too long.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};

use super::inline::inline_node;
use crate::adapters::Cell;
use crate::artifacts::{FreshnessOutcome, FreshnessResult, KnownFreshness};
use crate::context::{NodeRun, RunParts, Session, Worker};
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::manifest::{FreshnessRule, FreshnessThreshold, Manifest, Source, TimePeriod};
use crate::plan::{NodeStatus, Timing};

/// Asks one source after the other. A source that cannot be asked is a result too, with the problem beside it.
pub fn check_freshness(
    session: &Arc<Session>,
    manifest: &Arc<Manifest>,
    sources: &[Arc<Source>],
) -> Result<Vec<(FreshnessResult, Option<Diagnostic>)>, Diagnostic> {
    let connection = session.adapter().connect()?;
    let worker = Arc::new(Worker { name: "MainThread".into(), connection: Mutex::new(connection) });
    let mut results = Vec::with_capacity(sources.len());
    for (position, source) in sources.iter().enumerate() {
        let begin = Instant::now();
        let (index, total) = (position + 1, sources.len());
        let node_info = source.node_info();
        session.reporter().report(&Event::LogStartLine {
            description: format!("freshness of {}.{}", source.source_name, source.name),
            index,
            node_info: node_info.clone(),
            total,
        });
        let run = NodeRun::new(RunParts {
            session: Arc::clone(session),
            manifest: Arc::clone(manifest),
            node: Arc::new(inline_node(session, manifest, &source.name, "")),
            worker: Arc::clone(&worker),
        });
        let (outcome, problem) = match ask(&run, source, begin) {
            Ok(known) => (FreshnessOutcome::Known(Box::new(known)), None),
            Err(problem) => (FreshnessOutcome::Failed(problem.message.clone()), Some(problem)),
        };
        let status = match &outcome {
            FreshnessOutcome::Known(known) => known.status,
            FreshnessOutcome::Failed(_) => NodeStatus::RuntimeError,
        };
        session.reporter().report(&Event::LogFreshnessResult {
            execution_time: begin.elapsed().as_secs_f64(),
            index,
            node_info,
            source_name: source.source_name.clone(),
            status: status.as_str().into(),
            table_name: source.name.clone(),
            total,
        });
        results.push((FreshnessResult { unique_id: source.unique_id.clone(), outcome }, problem));
    }
    Ok(results)
}

fn ask(run: &Arc<NodeRun>, source: &Source, begin: Instant) -> Result<KnownFreshness, Diagnostic> {
    if source.loaded_at_field.is_none() && source.loaded_at_query.is_none() {
        return Err(Diagnostic::error(
            Code::INVALID_CONFIG,
            format!(
                "Could not compute freshness for source {}: no 'loaded_at_field' provided and {} adapter does not support \
                 metadata-based freshness checks.",
                source.name,
                run.session().adapter().type_name()
            ),
        )
        .at_some(source.span, "its freshness is to be checked"));
    }
    let started_at = Some(Timestamp::now());
    let answer = run.source_times(source)?;
    let wrong = |what: &str| {
        Diagnostic::error(Code::DATABASE, format!("freshness of {}.{}: {what}", source.source_name, source.name))
    };
    let row = answer.table.rows().first().filter(|row| row.len() == 2);
    let row = row.ok_or_else(|| wrong("the query must give one row of two columns"))?;
    let snapshotted_at = moment(&row[1]).ok_or_else(|| wrong("the warehouse's time is no timestamp"))?;
    // Without any row it is as old as can be.
    let max_loaded_at = if row[0].is_null() {
        let dawn = Date::constant(1, 1, 1).to_zoned(TimeZone::UTC);
        dawn.map_or(Timestamp::MIN, |dawn| dawn.timestamp())
    } else {
        moment(&row[0]).ok_or_else(|| wrong(&format!("`{}` is no timestamp", row[0])))?
    };
    let criteria = source.freshness.clone().unwrap_or_default();
    let age = snapshotted_at.duration_since(max_loaded_at).as_secs_f64();
    Ok(KnownFreshness {
        status: judge(&criteria, age),
        max_loaded_at,
        snapshotted_at,
        age,
        criteria,
        adapter_response: answer.response.to_map(),
        timing: vec![Timing { name: "execute", started_at, completed_at: Some(Timestamp::now()) }],
        thread_id: run.worker().name.clone(),
        execution_time: begin.elapsed().as_secs_f64(),
    })
}

fn judge(rule: &FreshnessRule, age: f64) -> NodeStatus {
    let exceeded = |threshold: Option<FreshnessThreshold>| threshold.is_some_and(|threshold| age > seconds(threshold));
    if exceeded(rule.error_after) {
        NodeStatus::Error
    } else if exceeded(rule.warn_after) {
        NodeStatus::Warn
    } else {
        NodeStatus::Pass
    }
}

fn seconds(threshold: FreshnessThreshold) -> f64 {
    let unit = match threshold.period {
        TimePeriod::Minute => 60.0,
        TimePeriod::Hour => 3_600.0,
        TimePeriod::Day => 86_400.0,
    };
    threshold.count as f64 * unit
}

/// A moment of the warehouse; without a zone it is UTC.
fn moment(cell: &Cell) -> Option<Timestamp> {
    let text = cell.as_text()?.trim().replacen(' ', "T", 1);
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text
            .parse::<DateTime>()
            .ok()
            .or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())));
        Some(civil?.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_compare_ages() {
        let after = |count, period| Some(FreshnessThreshold { count, period });
        let rule = FreshnessRule {
            warn_after: after(1, TimePeriod::Hour),
            error_after: after(1, TimePeriod::Day),
            filter: None,
        };
        assert_eq!(judge(&rule, 3_600.0), NodeStatus::Pass);
        assert_eq!(judge(&rule, 3_601.0), NodeStatus::Warn);
        assert_eq!(judge(&rule, 86_401.0), NodeStatus::Error);
    }

    #[test]
    fn moments_without_zone_are_utc() {
        let at = moment(&Cell::Timestamp("2024-01-31 10:00:00.5".into())).unwrap();
        assert_eq!(at.to_string(), "2024-01-31T10:00:00.5Z");
        assert_eq!(
            moment(&Cell::TimestampTz("2024-01-31 12:00:00+02:00".into())).unwrap().to_string(),
            "2024-01-31T10:00:00Z"
        );
        assert_eq!(moment(&Cell::Date("2024-01-31".into())).unwrap().to_string(), "2024-01-31T00:00:00Z");
    }
}
