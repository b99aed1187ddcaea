//! `on-run-start` and `on-run-end` of project files → operation nodes.

use std::sync::Arc;

use super::files::sha256;
use super::nodes::{Draft, Parsed, node};
use super::parsing::Parsing;
use crate::config::{Hook, Project};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::manifest::{Checksum, ResourceType};

/// The hooks of one package, in order.
pub(super) fn hooks(parsing: &Parsing, project: &Project) -> Vec<Parsed> {
    // dbt takes a hook for a block of the project file.
    let checksum = sha256(parsing.sources().get(project.source).text.trim().as_bytes());
    let of = |hooks: &[Hook], when: &'static str| -> Vec<Parsed> {
        hooks.iter().enumerate().map(|(index, hook)| one(parsing, project, hook, when, index, &checksum)).collect()
    };
    let mut all = of(&project.on_run_start, "on-run-start");
    all.extend(of(&project.on_run_end, "on-run-end"));
    all
}

fn one(
    parsing: &Parsing,
    project: &Project,
    hook: &Hook,
    when: &'static str,
    index: usize,
    checksum: &Checksum,
) -> Parsed {
    let name = format!("{}-{when}-{index}", project.name);
    let raw_code: Arc<str> = hook.sql.as_str().into();
    let draft = Draft {
        kind: ResourceType::Operation,
        package: &project.name,
        path: format!("hooks/{name}.sql"),
        original_path: "./dbt_project.yml".into(),
        fqn: vec![project.name.clone(), "hooks".into(), name.clone()],
        unique_id: format!("operation.{}.{name}", project.name),
        checksum: checksum.clone(),
        raw_code,
        span: None,
        language: "sql",
        patch: None,
        name,
    };
    let in_file = |problem: Diagnostic| if problem.labels.is_empty() { problem.at(hook.span, "") } else { problem };
    let (mut node, warnings) =
        node(parsing, draft).map_err(|problems| problems.into_iter().map(in_file).collect::<Diagnostics>())?;
    node.span = Some(hook.span);
    node.tags = vec![when.to_owned()];
    node.index = Some(index);
    Ok((node, warnings))
}
