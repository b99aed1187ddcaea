//! `show`: some rows of a node's query, nothing is made.

use std::sync::Arc;

use minijinja::Value;

use super::failure::Failure;
use super::model;
use super::node::Done;
use super::run::Runner;
use crate::compiler::Compiled;
use crate::context::NodeRun;
use crate::manifest::ResourceType;

/// Queries a node for at most `limit` rows and keeps them.
pub(super) fn query(
    runner: &Runner,
    run: &Arc<NodeRun>,
    compiled: Option<&Compiled>,
    limit: Option<u64>,
) -> Result<Done, Failure> {
    let node = run.node();
    let code = match compiled {
        Some(compiled) => compiled.code.clone(),
        None if node.resource_type == ResourceType::Seed => {
            format!("select * from {}", node.relation_name.clone().unwrap_or_default())
        }
        None => return Ok(Done::default()),
    };
    let header = node.config.str("sql_header").map_or(Value::from(()), Value::from);
    let limit = limit.map_or(Value::from(()), Value::from);
    let sql = run.call_macro_named("get_show_sql", &[Value::from(code), header, limit])?;
    let sql = sql.to_string();
    let (response, table) = run.query(&sql).map_err(|problem| model::place(run, problem, compiled))?;
    runner.keep_compiled(&node.unique_id, |known| known.code = Some(sql));
    runner.keep_table(&node.unique_id, table);
    Ok(Done { adapter_response: response.to_map(), ..Done::default() })
}
