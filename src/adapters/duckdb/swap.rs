//! Renaming in one transaction. Views find what they read by its name, so they need no care.

use super::literal;
use super::session::Session;
use crate::adapters::{Connection, DatabaseError, Publication, RelationInfo, RelationType, SwapOutcome};

/// See [`Connection::swap`].
pub(super) fn swap(session: &mut Session, publication: &Publication) -> Result<SwapOutcome, DatabaseError> {
    session.begin()?;
    match swap_in_transaction(session, publication) {
        Ok(()) => session.commit().map(|()| SwapOutcome::Done),
        Err(error) => {
            session.rollback()?;
            Err(error)
        }
    }
}

fn swap_in_transaction(session: &mut Session, publication: &Publication) -> Result<(), DatabaseError> {
    for (database, schema, name) in &publication.discarded {
        if let Some(old) = find(session, database, schema, name)? {
            run(session, &format!("drop {} {}", noun(&old), place(&old, name)))?;
        }
    }
    for swap in &publication.swaps {
        let Some(new) = find(session, &swap.database, &swap.schema, &swap.new)? else { continue };
        let live = find(session, &swap.database, &swap.schema, &swap.name)?;
        let aside = format!("{}__hetl_swap", swap.name);
        if let Some(live) = &live {
            rename(session, live, &swap.name, &aside)?;
        }
        rename(session, &new, &swap.new, &swap.name)?;
        match (&live, &swap.kept) {
            (Some(live), Some(kept)) => rename(session, live, &aside, kept)?,
            (Some(live), None) => run(session, &format!("drop {} {}", noun(live), place(live, &aside)))?,
            (None, _) => {}
        }
    }
    Ok(())
}

fn find(
    session: &mut Session,
    database: &str,
    schema: &str,
    name: &str,
) -> Result<Option<RelationInfo>, DatabaseError> {
    let found = session.list_relations(database, &[schema.to_owned()])?;
    Ok(found.into_iter().find(|relation| relation.identifier.eq_ignore_ascii_case(name)))
}

fn noun(relation: &RelationInfo) -> &'static str {
    if relation.relation_type == RelationType::View { "view" } else { "table" }
}

fn place(relation: &RelationInfo, name: &str) -> String {
    [&relation.database, &relation.schema, name].map(literal::identifier).join(".")
}

fn rename(session: &mut Session, relation: &RelationInfo, from: &str, to: &str) -> Result<(), DatabaseError> {
    let sql = format!("alter {} {} rename to {}", noun(relation), place(relation, from), literal::identifier(to));
    run(session, &sql)
}

fn run(session: &mut Session, sql: &str) -> Result<(), DatabaseError> {
    session.execute(sql, false).map(drop)
}
