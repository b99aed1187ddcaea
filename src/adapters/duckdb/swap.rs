//! Renaming in one transaction. Views find what they read by its name, so they need no care.

use std::collections::{HashMap, HashSet};

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
    let present = Present::ask(session, publication)?;
    for (database, schema, name) in &publication.discarded {
        if let Some(old) = present.find(database, schema, name) {
            run(session, &format!("drop {} {}", noun(old), place(old, name)))?;
        }
    }
    for swap in &publication.swaps {
        let Some(new) = present.find(&swap.database, &swap.schema, &swap.new) else { continue };
        let live = present.find(&swap.database, &swap.schema, &swap.name);
        let aside = format!("{}__hetl_swap", swap.name);
        if let Some(live) = live {
            rename(session, live, &swap.name, &aside)?;
        }
        rename(session, new, &swap.new, &swap.name)?;
        match (live, &swap.kept) {
            (Some(live), Some(kept)) => rename(session, live, &aside, kept)?,
            (Some(live), None) => run(session, &format!("drop {} {}", noun(live), place(live, &aside)))?,
            (None, _) => {}
        }
    }
    Ok(())
}

/// What is there before anything changes: by database and schema as the publication names them, and by name in lower case.
struct Present(HashMap<(String, String, String), RelationInfo>);

impl Present {
    /// Asks once a schema.
    fn ask(session: &mut Session, publication: &Publication) -> Result<Self, DatabaseError> {
        let swapped = publication.swaps.iter().map(|swap| (&swap.database, &swap.schema));
        let discarded = publication.discarded.iter().map(|(database, schema, _)| (database, schema));
        let schemas: HashSet<_> = swapped.chain(discarded).collect();
        let mut relations = HashMap::new();
        for (database, schema) in schemas {
            for found in session.list_relations(database, std::slice::from_ref(schema))? {
                let name = found.identifier.to_lowercase();
                relations.insert((database.clone(), schema.clone(), name), found);
            }
        }
        Ok(Self(relations))
    }

    fn find(&self, database: &str, schema: &str, name: &str) -> Option<&RelationInfo> {
        self.0.get(&(database.to_owned(), schema.to_owned(), name.to_lowercase()))
    }
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
