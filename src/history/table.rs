//! The table in the warehouse: made when it is first needed, added to by one statement a run.

use super::{Entry, Fact};
use crate::adapters::{Adapter, Connection, DatabaseError, Relation};

const SCHEMA: &str = "hetl_meta";
const TABLE: &str = "runs";

/// Adds what a run tells, in one transaction. Runs that end at the same time wait for each other.
pub fn append(adapter: &dyn Adapter, connection: &mut dyn Connection, facts: Vec<Fact>) -> Result<(), DatabaseError> {
    connection.begin()?;
    let added = append_in_transaction(adapter, connection, facts);
    match added {
        Ok(()) => connection.commit(),
        Err(error) => {
            // The first error is the one to tell.
            let _ = connection.rollback();
            Err(error)
        }
    }
}

fn append_in_transaction(
    adapter: &dyn Adapter,
    connection: &mut dyn Connection,
    facts: Vec<Fact>,
) -> Result<(), DatabaseError> {
    connection.wait_for_turn("hetl_meta.runs")?;
    let table = relation(adapter);
    let name = table.render_name();
    if connection
        .list_relations(adapter.database(), &[SCHEMA.to_owned()])?
        .iter()
        .all(|found| found.identifier != TABLE)
    {
        let columns: Vec<_> = Entry::COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        connection.execute(&format!("create schema if not exists {}", schema(adapter)), false)?;
        connection.execute(&format!("create table if not exists {name} ({})", columns.join(", ")), false)?;
    }
    let (_, last) =
        connection.execute(&format!("select position, hash from {name} order by position desc limit 1"), true)?;
    let mut previous =
        last.rows().first().and_then(|row| Some((i64::try_from(row[0].as_int()?).ok()?, row[1].to_string())));
    let mut values = Vec::with_capacity(facts.len());
    for fact in facts {
        let entry = Entry::after(previous.as_ref().map(|(position, hash)| (*position, hash.as_str())), fact);
        values.push(entry.values());
        previous = Some((entry.position, entry.hash));
    }
    connection.execute(&format!("insert into {name} values {}", values.join(", ")), false).map(drop)
}

/// All entries in their order; none where nothing was ever recorded.
pub fn entries(adapter: &dyn Adapter, connection: &mut dyn Connection) -> Result<Vec<Entry>, DatabaseError> {
    let found = connection.list_relations(adapter.database(), &[SCHEMA.to_owned()])?;
    if found.iter().all(|found| found.identifier != TABLE) {
        return Ok(Vec::new());
    }
    let columns: Vec<_> = Entry::COLUMNS.iter().map(|(name, _)| *name).collect();
    let name = relation(adapter).render_name();
    let sql = format!("select {} from {name} order by position", columns.join(", "));
    let (_, found) = connection.execute(&sql, true)?;
    Ok(found.rows().iter().map(|row| Entry::read(row)).collect())
}

fn relation(adapter: &dyn Adapter) -> Relation {
    adapter.relation(Some(adapter.database()), Some(SCHEMA), Some(TABLE))
}

/// A schema is created by its bare name where a session sees one database only.
fn schema(adapter: &dyn Adapter) -> String {
    let mut relation = adapter.relation(Some(adapter.database()), Some(SCHEMA), None);
    relation.include.identifier = false;
    relation.include.database = adapter.reaches_other_databases();
    relation.to_string()
}
