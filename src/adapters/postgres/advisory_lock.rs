//! The lock of a run on the schemas that it writes to: session-level advisory locks, and the fence of those who lost them.
//!
//! A connection of its own holds one lock a schema for as long as the run lasts; the server gives it back when that connection ends, however it
//! ends. So a run that lost this connection may have a successor while it still works. Therefore each transaction looks before it commits:
//! it takes the schemas' *fence* in shared mode and checks that the connection of the lock still holds it. A successor, once it has the
//! lock, passes through the fence in exclusive mode, which lets such a transaction end first; later ones find that they have lost.

use std::sync::{Arc, PoisonError};

use super::literal;
use super::server::Server;
use super::wire::{Failure, Wire};
use crate::adapters::{Cell, LockAttempt, LockHolder};
use crate::diagnostics::{Code, Diagnostic};

/// First key of the locks: `hetl`.
const LOCK: u32 = u32::from_be_bytes(*b"hetl");
/// First key of the fences: `hetf`.
const FENCE: u32 = u32::from_be_bytes(*b"hetf");

/// First key of turns: `hett`.
const TURN: u32 = u32::from_be_bytes(*b"hett");

/// The statement that waits for the turn of this name, which ends with the transaction.
pub(super) fn turn(name: &str) -> String {
    format!("select pg_advisory_xact_lock({TURN}, {})", key(name))
}

/// What a transaction checks before it commits.
#[derive(Debug)]
pub(super) struct Fence {
    process_id: i32,
    keys: Vec<i32>,
}

impl Fence {
    /// Two statements; the second gives one row with one boolean: whether the lock is still held.
    pub(super) fn check(&self) -> String {
        let pass: Vec<_> =
            self.keys.iter().map(|key| format!("pg_advisory_xact_lock_shared({FENCE}, {key})")).collect();
        let keys: Vec<_> = self.keys.iter().map(|key| format!("{}", *key as u32)).collect();
        format!(
            "select {}; select count(*) = {} from pg_catalog.pg_locks where locktype = 'advisory' and granted and pid = {} \
             and objsubid = 2 and classid = {LOCK} and objid in ({})",
            pass.join(", "),
            keys.len(),
            self.process_id,
            keys.join(", ")
        )
    }
}

/// The locks of a run, and their fence.
#[derive(Debug)]
pub(super) struct AdvisoryLock {
    pub(super) fence: Arc<Fence>,
    // The server gives the locks back when it is closed.
    _wire: Wire,
}

/// Takes the locks of all schemas, or says who has one of them.
pub(super) fn try_lock(
    server: &Server,
    schemas: &[(String, String)],
    holder: &LockHolder,
) -> Result<LockAttempt, Diagnostic> {
    let (mut wire, _) = server.connect()?;
    let failed = |failure: Failure| {
        let message = failure.on("").message;
        Diagnostic::error(Code::CONNECTION, format!("the schemas cannot be locked: {message}"))
    };
    // 63 bytes are kept; the longest command and a UUID need fewer.
    let name = format!("hetl {} {}", holder.command, holder.invocation_id);
    wire.query(&format!("set application_name to {}", literal::string(&name, false)), false).map_err(failed)?;
    let mut keys: Vec<i32> = schemas.iter().map(|(_, schema)| key(schema)).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        let taken = wire.query(&format!("select pg_try_advisory_lock({LOCK}, {key})"), true).map_err(failed)?;
        if taken.rows.first().map(|row| &row[0]) != Some(&Cell::Bool(true)) {
            return holder_of(&mut wire, *key).map(LockAttempt::Held).map_err(failed);
        }
    }
    for key in &keys {
        let pass = format!("begin; select pg_advisory_xact_lock({FENCE}, {key}); commit");
        wire.query(&pass, false).map_err(failed)?;
    }
    let fence = Arc::new(Fence { process_id: wire.key().process_id, keys });
    *server.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(AdvisoryLock { fence, _wire: wire });
    Ok(LockAttempt::Taken { left_by: None })
}

/// The query for the invocation ids of all runs that hold a lock in this database.
pub(super) fn holders() -> String {
    format!(
        "select distinct split_part(a.application_name, ' ', 3)
        from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = {LOCK}
            and l.database = (select oid from pg_catalog.pg_database where datname = current_database())"
    )
}

/// Advisory locks belong to a database, so the schema's name alone makes the key. That two names have one key is as
/// unlikely as harmless: they are locked together.
fn key(schema: &str) -> i32 {
    let hash = blake3::hash(schema.as_bytes());
    let bytes = hash.as_bytes();
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn holder_of(wire: &mut Wire, key: i32) -> Result<Option<LockHolder>, Failure> {
    let sql = format!(
        "select a.application_name, to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), a.pid,
            coalesce(host(a.client_addr), 'the server')
        from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = {LOCK} and l.objid = {}
            and l.database = (select oid from pg_catalog.pg_database where datname = current_database())",
        key as u32
    );
    let found = wire.query(&sql, true)?;
    Ok(found.rows.first().map(|row| {
        let text = |at: usize| row[at].to_string();
        let name = text(0);
        let mut words = name.split(' ').skip(1).map(str::to_owned);
        LockHolder {
            command: words.next().unwrap_or_else(|| "?".to_owned()),
            invocation_id: words.next().unwrap_or_else(|| "unknown".to_owned()),
            place: format!("server process {}, connected from {}", text(2), text(3)),
            since: text(1),
        }
    }))
}
