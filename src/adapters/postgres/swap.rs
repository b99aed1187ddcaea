//! Publishing on PostgreSQL: names change hands in one transaction.
//!
//! The locks are taken first, in one statement, in the order of names, views before tables. Together they may take only a part of the time after
//! which the server looks for deadlocks: so a reader that waits crosswise is never the one that is ended. Views that others keep on a replaced
//! relation read the new one afterwards; what cannot follow stops everything. A table that is to stay gets the new rows instead, before
//! anything is locked against readers.

use super::session::Session;
use super::{in_place, literal};
use crate::adapters::{Cell, Connection, DatabaseError, Publication, Swap, SwapOutcome};

/// SQLSTATEs after which another attempt may succeed: `query_canceled` (it took too long), `lock_not_available`, `deadlock_detected`.
const TRANSIENT: [&str; 3] = ["57014", "55P03", "40P01"];

/// One attempt; see [`Connection::swap`].
pub(super) fn swap(session: &mut Session, publication: &Publication) -> Result<SwapOutcome, DatabaseError> {
    let mut swaps: Vec<&Swap> = publication.swaps.iter().collect();
    swaps.sort_by_key(|swap| (&swap.schema, &swap.name));
    let Some(attempt) = Attempt::begin(session, &swaps, publication)? else { return Ok(SwapOutcome::Done) };
    let outcome = attempt.run(session);
    match outcome {
        Ok(hindrances) if hindrances.is_empty() => session.commit().map(|()| SwapOutcome::Done),
        Ok(hindrances) => session.rollback().map(|()| SwapOutcome::Hindered(hindrances)),
        Err(error) if TRANSIENT.contains(&error.kind.as_str()) && !error.cancelled => {
            session.rollback()?;
            Ok(SwapOutcome::Busy(users(session, &swaps)?))
        }
        Err(error) => {
            session.rollback()?;
            Err(error)
        }
    }
}

/// A relation that is there.
struct Present {
    oid: String,
    schema: String,
    name: String,
    /// `pg_class.relkind`.
    kind: String,
    is_own: bool,
}

impl Present {
    fn is_view(&self) -> bool {
        self.kind == "v"
    }

    fn noun(&self) -> &'static str {
        match self.kind.as_str() {
            "v" => "view",
            "m" => "materialized view",
            _ => "table",
        }
    }

    fn rendered(&self) -> String {
        render(&self.schema, &self.name)
    }

    fn name_parts(&self) -> in_place::Name<'_> {
        (&self.schema, &self.name)
    }

    fn rename(&self, from: &str, to: &str) -> String {
        let from = render(&self.schema, from);
        format!("alter {} {from} rename to {}", self.noun(), literal::identifier(to))
    }

    fn drop(&self, name: &str) -> String {
        format!("drop {} if exists {} cascade", self.noun(), render(&self.schema, name))
    }

    /// Locks it against readers. `lock table` would lock what a view reads along, and knows no materialized views.
    fn lock(&self) -> String {
        let name = self.rendered();
        match self.kind.as_str() {
            "v" | "m" => format!(
                "execute (select format('alter {} {} owner to %I', pg_get_userbyid(relowner)) from pg_class where oid = {})",
                self.noun(),
                name.replace('%', "%%").replace('\'', "''"),
                self.oid
            ),
            _ => format!("lock table {name} in access exclusive mode"),
        }
    }
}

struct Pair<'a> {
    swap: &'a Swap,
    new: Present,
    live: Option<Present>,
}

impl Pair<'_> {
    /// The change of the live table, if that is wished and can be.
    fn to_change_in_place(&self, session: &mut Session) -> Result<Option<Change<'_>>, DatabaseError> {
        let (Some(live), true) = (&self.live, self.swap.in_place) else { return Ok(None) };
        let (views, others) = readers(session, &[&self.new])?;
        let is_hindered =
            !others.is_empty() || in_place::hindrance(session, live.name_parts(), self.new.name_parts())?.is_some();
        Ok((!is_hindered).then_some(Change { live, new: &self.new, kept: self.swap.kept.as_deref(), views }))
    }
}

/// A live table that gets the rows of a new one.
struct Change<'a> {
    live: &'a Present,
    new: &'a Present,
    kept: Option<&'a str>,
    /// What this run has built on the new one.
    views: Vec<Present>,
}

impl Change<'_> {
    fn make(&self, session: &mut Session) -> Result<(), DatabaseError> {
        let (live, new) = (self.live.rendered(), self.new.rendered());
        let definitions = definitions(session, &self.views)?;
        if let Some(kept) = self.kept {
            let kept = render(&self.live.schema, kept);
            statement(session, &format!("create table {kept} (like {live} including all)"))?;
            statement(session, &format!("insert into {kept} select * from {live}"))?;
        }
        in_place::exchange(session, self.live.name_parts(), self.new.name_parts())?;
        let [live_name, new_name] = [self.live, self.new].map(|table| literal::identifier(&table.name));
        for (view, (query, options)) in self.views.iter().zip(definitions) {
            // The staged name is reserved, so it is the table wherever it stands, quoted or not.
            let query = query.replace(&new_name, &live_name).replace(&self.new.name, &live_name);
            rebind(session, view, &(query, options))?;
        }
        statement(session, &format!("drop table {new}"))
    }
}

struct Attempt<'a> {
    pairs: Vec<Pair<'a>>,
    discarded: Vec<Present>,
}

impl<'a> Attempt<'a> {
    /// Begins the transaction, if anything is to be swapped.
    fn begin(
        session: &mut Session,
        swaps: &[&'a Swap],
        publication: &Publication,
    ) -> Result<Option<Self>, DatabaseError> {
        session.begin()?;
        let names: Vec<(&str, &str)> = swaps
            .iter()
            .flat_map(|swap| [&swap.name, &swap.new].map(|name| (swap.schema.as_str(), name.as_str())))
            .collect();
        let mut found = present(session, &names)?;
        let mut take = |schema: &str, name: &str| {
            let at = found.iter().position(|relation| relation.schema == schema && relation.name == name)?;
            Some(found.swap_remove(at))
        };
        let pairs: Vec<_> = swaps
            .iter()
            .filter_map(|swap| {
                let new = take(&swap.schema, &swap.new)?;
                Some(Pair { swap, new, live: take(&swap.schema, &swap.name) })
            })
            .collect();
        if pairs.is_empty() {
            session.rollback()?;
            return Ok(None);
        }
        let names = publication.discarded.iter().map(|(_, schema, name)| (schema.as_str(), name.as_str()));
        let discarded = present(session, &names.collect::<Vec<_>>())?;
        Ok(Some(Self { pairs, discarded }))
    }

    /// Everything but the commit; what hinders it, if anything does.
    fn run(&self, session: &mut Session) -> Result<Vec<String>, DatabaseError> {
        let (mut changed, mut renamed) = (Vec::new(), Vec::new());
        for pair in &self.pairs {
            match pair.to_change_in_place(session)? {
                Some(change) => changed.push(change),
                None => renamed.push(pair),
            }
        }
        let live: Vec<&Present> = renamed.iter().filter_map(|pair| pair.live.as_ref()).collect();
        let (readers, mut hindrances) = readers(session, &live)?;
        hindrances.extend(self.readers_of_discarded(session)?);
        if !hindrances.is_empty() {
            return Ok(hindrances);
        }
        lock(session, self.discarded.iter())?;
        for old in &self.discarded {
            statement(session, &old.drop(&old.name))?;
        }
        for change in &changed {
            change.make(session)?;
        }
        lock(session, live.iter().copied().chain(&readers))?;
        let definitions = definitions(session, &readers)?;
        for (number, pair) in renamed.iter().enumerate() {
            let aside = aside(number);
            if let Some(live) = &pair.live {
                statement(session, &live.rename(&live.name, &aside))?;
            }
            statement(session, &pair.new.rename(&pair.new.name, &pair.swap.name))?;
            if let (Some(live), Some(kept)) = (&pair.live, &pair.swap.kept) {
                statement(session, &live.rename(&aside, kept))?;
            }
        }
        for (reader, definition) in readers.iter().zip(&definitions) {
            if let Err(error) = rebind(session, reader, definition) {
                if TRANSIENT.contains(&error.kind.as_str()) {
                    return Err(error);
                }
                let name = reader.rendered();
                return Ok(vec![format!("view {name}, which cannot read the new version: {}", error.message)]);
            }
        }
        for (number, pair) in renamed.iter().enumerate().filter(|(_, pair)| pair.swap.kept.is_none()) {
            if let Some(live) = &pair.live {
                statement(session, &live.drop(&aside(number)))?;
            }
        }
        Ok(Vec::new())
    }

    /// What would go with the versions that were kept until now.
    fn readers_of_discarded(&self, session: &mut Session) -> Result<Vec<String>, DatabaseError> {
        let (views, mut others) = readers(session, &self.discarded.iter().collect::<Vec<_>>())?;
        others.extend(views.iter().map(|view| format!("view {}, which reads a kept version", view.rendered())));
        Ok(others)
    }
}

/// The name of what was live, for the time between two renames.
fn aside(number: usize) -> String {
    format!("__hetl_swap_{number}")
}

fn render(schema: &str, name: &str) -> String {
    format!("{}.{}", literal::identifier(schema), literal::identifier(name))
}

fn statement(session: &mut Session, sql: &str) -> Result<(), DatabaseError> {
    session.execute(sql, false).map(drop)
}

fn rows(session: &mut Session, sql: &str) -> Result<Vec<Vec<Cell>>, DatabaseError> {
    Ok(session.execute(sql, true)?.1.rows().to_vec())
}

fn present(session: &mut Session, names: &[(&str, &str)]) -> Result<Vec<Present>, DatabaseError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let text = |text: &str| literal::string(text, false);
    let names: Vec<_> = names.iter().map(|(schema, name)| format!("({}, {})", text(schema), text(name))).collect();
    select_present(session, &format!("(schema.nspname, relation.relname) in (values {})", names.join(", ")))
}

fn select_present(session: &mut Session, condition: &str) -> Result<Vec<Present>, DatabaseError> {
    let sql = format!(
        "select relation.oid::text, schema.nspname, relation.relname, relation.relkind::text, pg_has_role(relation.relowner, 'USAGE')
        from pg_catalog.pg_class relation join pg_catalog.pg_namespace schema on schema.oid = relation.relnamespace
        where relation.relkind in ('r', 'p', 'v', 'm', 'f') and {condition} order by 2, 3"
    );
    let relation = |row: &Vec<Cell>| Present {
        oid: row[0].to_string(),
        schema: row[1].to_string(),
        name: row[2].to_string(),
        kind: row[3].to_string(),
        is_own: row[4] == Cell::Bool(true),
    };
    Ok(rows(session, &sql)?.iter().map(relation).collect())
}

fn oids(relations: &[&Present]) -> String {
    relations.iter().map(|relation| relation.oid.as_str()).collect::<Vec<_>>().join(", ")
}

/// Views on these relations that are none of them, and in words what else needs them and cannot follow.
fn readers(session: &mut Session, relations: &[&Present]) -> Result<(Vec<Present>, Vec<String>), DatabaseError> {
    if relations.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let oids = oids(relations);
    let readers = select_present(
        session,
        &format!(
            "relation.oid not in ({oids}) and relation.oid in (
                select rule.ev_class from pg_catalog.pg_rewrite rule join pg_catalog.pg_depend need
                    on need.classid = 'pg_catalog.pg_rewrite'::regclass and need.objid = rule.oid
                where need.refclassid = 'pg_catalog.pg_class'::regclass and need.refobjid in ({oids}))"
        ),
    )?;
    let (views, others): (Vec<_>, Vec<_>) = readers.into_iter().partition(|reader| reader.is_view() && reader.is_own);
    let mut hindrances: Vec<_> = others
        .iter()
        .map(|reader| {
            let whose = if reader.is_view() { ", which belongs to another role" } else { "" };
            format!("{} {}{whose}", reader.noun(), reader.rendered())
        })
        .collect();
    let keys = rows(
        session,
        &format!(
            "select format('table %s, by its foreign key %I', conrelid::regclass, conname) from pg_catalog.pg_constraint
            where contype = 'f' and confrelid in ({oids}) and conrelid not in ({oids}) order by 1"
        ),
    )?;
    hindrances.extend(keys.iter().map(|row| row[0].to_string()));
    Ok((views, hindrances))
}

/// Takes all locks, or gives up before the server looks for deadlocks.
fn lock<'a>(session: &mut Session, relations: impl Iterator<Item = &'a Present>) -> Result<(), DatabaseError> {
    let mut relations: Vec<&Present> = relations.collect();
    if relations.is_empty() {
        return Ok(());
    }
    relations.sort_by_key(|relation| (!relation.is_view(), &relation.schema, &relation.name));
    let locks: Vec<_> = relations.iter().map(|relation| format!("{};", relation.lock())).collect();
    let block = format!("begin {} end", locks.join(" "));
    statement(
        session,
        "select set_config('statement_timeout', ceil(setting::numeric * 0.6)::text, true)
        from pg_catalog.pg_settings where name = 'deadlock_timeout'",
    )?;
    statement(session, &format!("do {}", literal::string(&block, false)))?;
    statement(session, "set local statement_timeout to default")
}

/// The queries of views, with their options.
fn definitions(session: &mut Session, views: &[Present]) -> Result<Vec<(String, String)>, DatabaseError> {
    let mut definitions = Vec::with_capacity(views.len());
    for view in views {
        let found = rows(
            session,
            &format!(
                "select pg_catalog.pg_get_viewdef(oid), coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '')
                from pg_catalog.pg_class where oid = {}",
                view.oid
            ),
        )?;
        let row = found.first().map(|row| (row[0].to_string(), row[1].to_string()));
        definitions.push(row.unwrap_or_default());
    }
    Ok(definitions)
}

/// Lets a view read what now has the names that its query says. It may have got another name itself.
fn rebind(session: &mut Session, view: &Present, definition: &(String, String)) -> Result<(), DatabaseError> {
    let named = rows(session, &format!("select {}::regclass::text", view.oid))?;
    let name = named.first().map(|row| row[0].to_string()).unwrap_or_default();
    let (query, options) = definition;
    statement(session, &format!("create or replace view {name}{options} as {query}"))
}

/// Who has locks on what is live.
fn users(session: &mut Session, swaps: &[&Swap]) -> Result<Vec<String>, DatabaseError> {
    let names: Vec<_> = swaps.iter().map(|swap| (swap.schema.as_str(), swap.name.as_str())).collect();
    let live = present(session, &names)?;
    let live: Vec<&Present> = live.iter().collect();
    if live.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select distinct format('%s (process %s, %s, since %s)', used.usename, used.pid,
            coalesce(nullif(used.application_name, ''), 'unnamed'), date_trunc('second', used.xact_start))
        from pg_catalog.pg_locks held join pg_catalog.pg_stat_activity used on used.pid = held.pid
        where held.locktype = 'relation' and held.granted and held.relation in ({}) and held.pid <> pg_backend_pid()
        order by 1",
        oids(&live)
    );
    Ok(rows(session, &sql)?.iter().map(|row| row[0].to_string()).collect())
}
