//! The table in the warehouse: made when it is first needed, added to by one statement when a run begins and one when it ends.

use super::{Entry, Fact};
use crate::adapters::{Adapter, Connection, DatabaseError, Relation};

const SCHEMA: &str = "hetl_meta";
const TABLE: &str = "runs";

/// Records that a run begins, before it changes anything. Runs that began and have neither ended nor hold a lock any more were killed; they
/// are closed first.
pub fn begin(adapter: &dyn Adapter, connection: &mut dyn Connection, run: &Fact) -> Result<(), DatabaseError> {
    in_transaction(connection, |connection| {
        make_table(adapter, connection)?;
        let mut facts = Vec::new();
        if let Some(alive) = adapter.live_runs(connection)? {
            let open = open_runs(adapter, connection)?;
            let dead = open.into_iter().filter(|run| !alive.contains(&run.run_id));
            facts.extend(dead.map(|run| Fact { status: Fact::KILLED.to_owned(), ..run }));
        }
        facts.push(Fact { status: Fact::STARTED.to_owned(), ..run.clone() });
        add(adapter, connection, facts)
    })
}

/// Adds what a run tells, in one transaction. Runs that end at the same time wait for each other.
pub fn append(adapter: &dyn Adapter, connection: &mut dyn Connection, facts: Vec<Fact>) -> Result<(), DatabaseError> {
    in_transaction(connection, |connection| {
        make_table(adapter, connection)?;
        add(adapter, connection, facts)
    })
}

fn in_transaction(
    connection: &mut dyn Connection,
    work: impl FnOnce(&mut dyn Connection) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    connection.begin()?;
    match work(connection) {
        Ok(()) if crate::faults::fails("record") => {
            connection.rollback()?;
            Err(DatabaseError {
                kind: "Fault".to_owned(),
                message: "fault injected at record".to_owned(),
                offset: None,
                cancelled: false,
            })
        }
        Ok(()) => connection.commit(),
        Err(error) => {
            // The first error is the one to tell.
            let _ = connection.rollback();
            Err(error)
        }
    }
}

fn make_table(adapter: &dyn Adapter, connection: &mut dyn Connection) -> Result<(), DatabaseError> {
    connection.wait_for_turn("hetl_meta.runs")?;
    if has_table(adapter, connection)? {
        return Ok(());
    }
    let columns: Vec<_> = Entry::COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    let name = relation(adapter).render_name();
    connection.execute(&format!("create schema if not exists {}", schema(adapter)), false)?;
    connection.execute(&format!("create table if not exists {name} ({})", columns.join(", ")), false).map(drop)
}

fn add(adapter: &dyn Adapter, connection: &mut dyn Connection, facts: Vec<Fact>) -> Result<(), DatabaseError> {
    let name = relation(adapter).render_name();
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

/// Runs that have begun and not ended, as they were recorded.
fn open_runs(adapter: &dyn Adapter, connection: &mut dyn Connection) -> Result<Vec<Fact>, DatabaseError> {
    let (name, started) = (relation(adapter).render_name(), Fact::STARTED);
    let ended = format!("select run_id from {name} where node is null and status <> '{started}'");
    let open = select(
        adapter,
        connection,
        &format!("where node is null and status = '{started}' and run_id not in ({ended})"),
    )?;
    Ok(open.into_iter().map(|entry| entry.fact).collect())
}

/// All entries in their order; none where nothing was ever recorded.
pub fn entries(adapter: &dyn Adapter, connection: &mut dyn Connection) -> Result<Vec<Entry>, DatabaseError> {
    if has_table(adapter, connection)? { select(adapter, connection, "") } else { Ok(Vec::new()) }
}

fn has_table(adapter: &dyn Adapter, connection: &mut dyn Connection) -> Result<bool, DatabaseError> {
    let found = connection.list_relations(adapter.database(), &[SCHEMA.to_owned()])?;
    Ok(found.iter().any(|found| found.identifier == TABLE))
}

fn select(
    adapter: &dyn Adapter,
    connection: &mut dyn Connection,
    condition: &str,
) -> Result<Vec<Entry>, DatabaseError> {
    let columns: Vec<_> = Entry::COLUMNS.iter().map(|(name, _)| *name).collect();
    let name = relation(adapter).render_name();
    let sql = format!("select {} from {name} {condition} order by position", columns.join(", "));
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
