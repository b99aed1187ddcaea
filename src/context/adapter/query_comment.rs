//! `query-comment`: a line that tells the warehouse who sent a statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use serde_json::{Map, Value as Json};

use crate::context::NodeRun;
use crate::context::values::none;
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::{Origin, from_json};
use crate::manifest::ResourceType;

/// The statement with the project's comment before it, or after it where the project says so.
pub(super) fn with_comment(run: &Arc<NodeRun>, sql: &str) -> Result<String, Diagnostic> {
    let Some(comment) = of_run(run)? else { return Ok(sql.to_owned()) };
    if !run.session().config().project.query_comment.append {
        return Ok(format!("/* {comment} */\n{sql}"));
    }
    let sql = sql.trim_end();
    Ok(match sql.strip_suffix(';') {
        Some(sql) => format!("{sql}\n/* {comment} */;"),
        None => format!("{sql}\n/* {comment} */"),
    })
}

/// The comment of this run's statements, made once.
pub(in crate::context) fn of_run(run: &Arc<NodeRun>) -> Result<Option<String>, Diagnostic> {
    if let Some(comment) = run.query_comment.get() {
        return Ok(comment.clone());
    }
    let made = comment(run)?;
    Ok(run.query_comment.get_or_init(|| made).clone())
}

/// Whether the run is of a node, or of an operation that is none.
fn is_node(run: &NodeRun) -> bool {
    run.node().resource_type != ResourceType::Macro
}

fn comment(run: &Arc<NodeRun>) -> Result<Option<String>, Diagnostic> {
    let config = &run.session().config().project.query_comment;
    let Some(template) = &config.comment else { return Ok(Some(default_comment(run))) };
    if template.trim().is_empty() {
        return Ok(None);
    }
    let node = if is_node(run) { from_json(&run.node().to_json(None)) } else { none() };
    let names = BTreeMap::from([
        ("node".to_owned(), node),
        ("connection_name".to_owned(), Value::from(run.node().unique_id.as_str())),
    ]);
    let origin = config.span.map(|span| Origin::new(span.source, span.start as usize));
    let rendered = run.session().engine().render_body(template, origin, run.context_with(names))?.text();
    let rendered = rendered.trim();
    if rendered.contains("*/") {
        return Err(Diagnostic::error(
            Code::INVALID_CONFIG,
            format!("query comment contains illegal value \"*/\": {rendered}"),
        )
        .at_some(config.span, "made from this"));
    }
    Ok(Some(rendered.to_owned()).filter(|comment| !comment.is_empty()))
}

/// dbt's comment: JSON that names program, version, target and node.
fn default_comment(run: &NodeRun) -> String {
    let profile = &run.session().config().profile;
    let mut facts = Map::new();
    facts.insert("app".into(), Json::from("dbt"));
    facts.insert("dbt_version".into(), Json::from(crate::config::DBT_VERSION));
    facts.insert("profile_name".into(), Json::from(profile.profile_name.as_str()));
    facts.insert("target_name".into(), Json::from(profile.target_name.as_str()));
    let who = if is_node(run) { "node_id" } else { "connection_name" };
    facts.insert(who.into(), Json::from(run.node().unique_id.as_str()));
    crate::context::json_yaml::json_line(&Json::Object(facts))
}
