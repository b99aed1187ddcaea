//! Tests of plans, schedules and results.

use super::{Mode, NodeResult, NodeStatus, Plan, RunResults, Schedule};
use crate::graph::Graph;
use crate::manifest::{Manifest, Publish, ResourceType, sample::sample};

fn shop() -> Manifest {
    sample(&[
        ("source.shop.raw.t", &[]),
        ("model.shop.a", &["source.shop.raw.t"]),
        ("test.shop.t_a", &["model.shop.a"]),
        ("model.shop.b", &["model.shop.a"]),
        ("unit_test.shop.b.u", &["model.shop.b"]),
        ("test.shop.t_b", &["model.shop.b", "model.shop.a"]),
        ("model.shop.c", &["model.shop.b"]),
        ("exposure.shop.e", &["model.shop.c"]),
    ])
}

fn plan(mode: Mode, selected: &[&str]) -> Plan {
    let manifest = shop();
    Plan::build(&Graph::build(&manifest).unwrap(), &manifest, selected.iter().copied(), mode)
}

const ALL: [&str; 7] = [
    "model.shop.a",
    "test.shop.t_a",
    "model.shop.b",
    "unit_test.shop.b.u",
    "test.shop.t_b",
    "model.shop.c",
    "exposure.shop.e",
];

/// Runs a plan one job at a time; what `outcome` says becomes of each job, unless it must be skipped.
fn run(plan: &Plan, outcome: impl Fn(&str) -> NodeStatus) -> Vec<(String, NodeStatus)> {
    let mut schedule = Schedule::new(plan, 1);
    let mut done = Vec::new();
    while let Some(step) = schedule.next_ready() {
        let id = plan.jobs()[step.job].unique_id.clone();
        let status = if step.skipped_because_of.is_some() { NodeStatus::Skipped } else { outcome(&id) };
        schedule.finish(step.job, status);
        done.push((id, status));
    }
    assert!(schedule.is_finished());
    done
}

#[test]
fn after_a_unit_test_that_fails_the_others_of_its_model_are_skipped() {
    let manifest = sample(&[
        ("model.shop.a", &[]),
        ("unit_test.shop.a.first", &["model.shop.a"]),
        ("unit_test.shop.a.second", &["model.shop.a"]),
        ("model.shop.other", &[]),
        ("unit_test.shop.other.own", &["model.shop.other"]),
    ]);
    let graph = Graph::build(&manifest).unwrap();
    let plan = Plan::build(&graph, &manifest, graph.ids().collect::<Vec<_>>(), Mode::Build(Publish::Immediate));
    let outcome = |id: &str| if id.ends_with("first") { NodeStatus::Fail } else { NodeStatus::Pass };
    let skipped: Vec<String> = run(&plan, outcome)
        .into_iter()
        .filter(|(_, status)| *status == NodeStatus::Skipped)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(skipped, ["unit_test.shop.a.second", "model.shop.a"]);
}

#[test]
fn build_runs_tests_before_what_lies_below_and_unit_tests_before_their_model() {
    let order: Vec<String> = run(&plan(Mode::Build(Publish::Immediate), &ALL), |_| NodeStatus::Success)
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(
        order,
        [
            "model.shop.a",
            "test.shop.t_a",
            "unit_test.shop.b.u",
            "model.shop.b",
            "test.shop.t_b",
            "model.shop.c",
            "exposure.shop.e"
        ]
    );
}

#[test]
fn run_does_not_wait_for_tests() {
    let plan = plan(Mode::Topological, &["model.shop.a", "model.shop.b", "test.shop.t_a"]);
    let levels: Vec<(&str, u32)> = plan.jobs().iter().map(|job| (job.unique_id.as_str(), job.level)).collect();
    assert_eq!(levels, [("model.shop.a", 0), ("model.shop.b", 1), ("test.shop.t_a", 1)]);
}

#[test]
fn a_failed_test_skips_what_lies_below_and_names_the_first_cause() {
    let plan = plan(Mode::Build(Publish::Immediate), &ALL);
    let fails = |id: &str| if id == "test.shop.t_a" { NodeStatus::Fail } else { NodeStatus::Success };
    let done = run(&plan, fails);
    let skipped: Vec<&str> =
        done.iter().filter(|(_, status)| *status == NodeStatus::Skipped).map(|(id, _)| id.as_str()).collect();
    assert_eq!(skipped, ["unit_test.shop.b.u", "model.shop.b", "test.shop.t_b", "model.shop.c", "exposure.shop.e"]);

    let mut schedule = Schedule::new(&plan, 1);
    let mut causes = Vec::new();
    while let Some(step) = schedule.next_ready() {
        let id = &plan.jobs()[step.job].unique_id;
        causes.extend(step.skipped_because_of.map(|by| plan.jobs()[by].unique_id.clone()));
        schedule.finish(step.job, if step.skipped_because_of.is_some() { NodeStatus::Skipped } else { fails(id) });
    }
    assert!(causes.iter().all(|cause| cause == "test.shop.t_a"), "{causes:?}");
}

#[test]
fn order_and_failures_pass_through_what_is_not_selected() {
    let plan = plan(Mode::Topological, &["model.shop.a", "model.shop.c"]);
    let done = run(&plan, |_| NodeStatus::Error);
    assert_eq!(
        done,
        [("model.shop.a".to_owned(), NodeStatus::Error), ("model.shop.c".to_owned(), NodeStatus::Skipped)]
    );
}

#[test]
fn independent_jobs_wait_for_nothing() {
    let plan = plan(Mode::Independent, &["test.shop.t_a", "test.shop.t_b", "unit_test.shop.b.u"]);
    let done = run(&plan, |_| NodeStatus::Fail);
    assert!(done.iter().all(|(_, status)| *status == NodeStatus::Fail));
    assert_eq!(done.len(), 3);
    let order = Plan::build(
        &Graph::build(&shop()).unwrap(),
        &shop(),
        ["test.shop.t_a", "model.shop.c", "model.shop.a"],
        Mode::Independent,
    );
    let ids: Vec<&str> = order.jobs().iter().map(|job| job.unique_id.as_str()).collect();
    assert_eq!(ids, ["model.shop.a", "model.shop.c", "test.shop.t_a"]);
}

#[test]
fn there_is_exactly_one_result_for_each_job() {
    let plan = plan(Mode::Build(Publish::Immediate), &["model.shop.a", "model.shop.b"]);
    let success = |id: &str| NodeResult::new(id, ResourceType::Model, NodeStatus::Success);
    let results = RunResults::collect(&plan, [success("model.shop.a"), success("model.shop.a")], Some("stopped"), 1.5);
    let rows: Vec<(&str, NodeStatus)> =
        results.results().iter().map(|row| (row.unique_id.as_str(), row.status)).collect();
    assert_eq!(rows, [("model.shop.a", NodeStatus::Success), ("model.shop.b", NodeStatus::Skipped)]);
    assert_eq!(results.results()[1].message.as_deref(), Some("stopped"));
    assert_eq!(results.exit_code(), 1);
}

#[test]
fn the_exit_code_follows_from_the_statuses() {
    let plan = plan(Mode::Build(Publish::Immediate), &[]);
    let code = |kind, status| RunResults::collect(&plan, [NodeResult::new("x", kind, status)], None, 0.0).exit_code();
    for (status, expected) in [
        (NodeStatus::Success, 0),
        (NodeStatus::Pass, 0),
        (NodeStatus::Warn, 0),
        (NodeStatus::NoOp, 0),
        (NodeStatus::Error, 1),
        (NodeStatus::Fail, 1),
        (NodeStatus::Skipped, 1),
        (NodeStatus::PartialSuccess, 1),
        (NodeStatus::RuntimeError, 1),
    ] {
        assert_eq!(code(ResourceType::Model, status), expected, "{status:?}");
    }
    assert_eq!(code(ResourceType::Exposure, NodeStatus::Skipped), 0);
}

#[test]
fn a_node_begins_after_one_that_a_test_reads_with_it_however_that_ended() {
    let manifest = sample(&[
        ("model.shop.a", &[]),
        ("model.shop.b", &[]),
        ("model.shop.above_a", &[]),
        ("test.shop.both", &["model.shop.a", "model.shop.b"]),
    ]);
    let graph = Graph::build(&manifest).unwrap();
    let mut nodes = manifest.clone();
    for id in ["model.shop.a", "model.shop.b"] {
        std::sync::Arc::make_mut(nodes.nodes.get_mut(id).unwrap()).config = crate::manifest::NodeConfig::new(
            serde_json::json!({"materialized": "table"}).as_object().cloned().unwrap(),
        );
    }
    let plan = Plan::build(&graph, &nodes, graph.ids().collect::<Vec<_>>(), Mode::Build(Publish::Audited));
    let mut schedule = Schedule::new(&plan, 1);
    let id =
        |schedule: &mut Schedule<'_>| schedule.next_ready().map(|step| (plan.jobs()[step.job].unique_id.clone(), step));
    let (first, step) = id(&mut schedule).unwrap();
    assert_eq!(first, "model.shop.a");
    assert_eq!(id(&mut schedule).unwrap().0, "model.shop.above_a");
    assert!(schedule.next_ready().is_none());
    schedule.finish(step.job, NodeStatus::Error);
    let (second, step) = id(&mut schedule).unwrap();
    assert_eq!((second.as_str(), step.skipped_because_of), ("model.shop.b", None));
    schedule.finish(step.job, NodeStatus::Success);
    assert!(schedule.next_ready().is_some_and(|step| step.skipped_because_of.is_some()));
}

#[test]
fn one_worker_takes_jobs_in_the_order_in_which_they_became_ready() {
    let manifest = sample(&[
        ("model.shop.a", &[]),
        ("model.shop.b", &[]),
        ("test.shop.of_a", &["model.shop.a"]),
        ("test.shop.of_b", &["model.shop.b"]),
        ("model.shop.below_b", &["model.shop.b"]),
        ("model.shop.under_a", &["model.shop.a"]),
    ]);
    let graph = Graph::build(&manifest).unwrap();
    let plan = Plan::build(&graph, &manifest, graph.ids().collect::<Vec<_>>(), Mode::Build(Publish::Immediate));
    let order: Vec<String> = run(&plan, |_| NodeStatus::Success).into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        order,
        [
            "model.shop.a",
            "model.shop.b",
            "test.shop.of_a",
            "test.shop.of_b",
            "model.shop.under_a",
            "model.shop.below_b"
        ]
    );
}

#[test]
fn where_several_work_the_head_of_the_longest_chain_is_first() {
    let manifest = sample(&[
        ("model.shop.a", &[]),
        ("model.shop.z", &[]),
        ("model.shop.below_a", &["model.shop.a"]),
        ("model.shop.below_z", &["model.shop.z"]),
        ("model.shop.end", &["model.shop.below_z"]),
    ]);
    let graph = Graph::build(&manifest).unwrap();
    let plan = Plan::build(&graph, &manifest, graph.ids().collect::<Vec<_>>(), Mode::Topological);
    let first = |workers| {
        let step = Schedule::new(&plan, workers).next_ready().unwrap();
        plan.jobs()[step.job].unique_id.as_str()
    };
    assert_eq!((first(1), first(2)), ("model.shop.a", "model.shop.z"));

    // A lower level is first all the same.
    let mut schedule = Schedule::new(&plan, 2);
    let longest = schedule.next_ready().unwrap();
    schedule.finish(longest.job, NodeStatus::Success);
    let next = schedule.next_ready().unwrap();
    assert_eq!(plan.jobs()[next.job].unique_id, "model.shop.a");
}
