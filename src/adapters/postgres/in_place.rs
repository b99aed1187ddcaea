//! Publishing in place: a table gets the rows of another one, by deleting and inserting those that differ.
//!
//! The table stays the same relation, so a reader whose snapshot is older than the publication goes on seeing its old rows, where after a swap
//! by renaming it would find the new table empty. Readers are not locked out, and indexes, grants and views stay.

use super::literal;
use super::session::Session;
use crate::adapters::{Connection, DatabaseError};

/// A table by schema and name.
pub(super) type Name<'a> = (&'a str, &'a str);

/// Gives `live` the rows of `new` in the open transaction. Nothing is done where that cannot be; then gives why.
pub(super) fn replace_rows(
    session: &mut Session,
    live: Name<'_>,
    new: Name<'_>,
) -> Result<Option<String>, DatabaseError> {
    if let Some(hindrance) = hindrance(session, live, new)? {
        return Ok(Some(hindrance));
    }
    exchange(session, live, new)?;
    Ok(None)
}

/// Why a table cannot get the rows of another one, if so: every column and constraint of the new one must be there already.
pub(super) fn hindrance(session: &mut Session, live: Name<'_>, new: Name<'_>) -> Result<Option<String>, DatabaseError> {
    let (Some(old), Some(new)) = (Shape::ask(session, live)?, Shape::ask(session, new)?) else {
        return Ok(Some("one of both is no plain table".to_owned()));
    };
    let missing = |new: &[String], old: &[String]| new.iter().find(|part| !old.contains(part)).cloned();
    Ok(if old.makes_values {
        Some("it has columns whose values the database makes".to_owned())
    } else if old.columns != new.columns {
        let changed = missing(&new.columns, &old.columns).or_else(|| missing(&old.columns, &new.columns));
        Some(match changed {
            Some(column) => format!("its columns change: {column}"),
            None => "the order of its columns changes".to_owned(),
        })
    } else {
        missing(&new.constraints, &old.constraints).map(|constraint| format!("its constraints change: {constraint}"))
    })
}

/// What must be the same.
struct Shape {
    /// Name, type and collation of each column, in order.
    columns: Vec<String>,
    constraints: Vec<String>,
    /// Whether there are identity or generated columns.
    makes_values: bool,
}

impl Shape {
    fn ask(session: &mut Session, (schema, name): Name<'_>) -> Result<Option<Self>, DatabaseError> {
        let text = |text: &str| literal::string(text, false);
        let sql = format!(
            "select part.kind, part.said from pg_catalog.pg_class named join pg_catalog.pg_namespace place on place.oid = named.relnamespace,
            lateral (
                select 'column' as kind, column_of.attnum as position, format('%I %s', attname, format_type(atttypid, atttypmod))
                    || coalesce(' collate ' || nullif(attcollation, 100)::regcollation::text, '') as said
                from pg_catalog.pg_attribute column_of where attrelid = named.oid and attnum > 0 and not attisdropped
                union all
                select 'not null', attnum, format('%I not null', attname)
                from pg_catalog.pg_attribute where attrelid = named.oid and attnum > 0 and not attisdropped and attnotnull
                union all
                select 'made', attnum, '' from pg_catalog.pg_attribute
                where attrelid = named.oid and not attisdropped and (attidentity <> '' or attgenerated <> '')
                union all
                select 'constraint', 0, pg_get_constraintdef(oid) from pg_catalog.pg_constraint
                where conrelid = named.oid and contype in ('c', 'f', 'p', 'u', 'x')
            ) part
            where named.relkind = 'r' and not named.relispartition and place.nspname = {} and named.relname = {} order by part.position, part.said",
            text(schema),
            text(name)
        );
        let (_, found) = session.execute(&sql, true)?;
        let of = |kinds: &[&str]| {
            let rows = found.rows().iter().filter(|row| row[0].as_text().is_some_and(|kind| kinds.contains(&kind)));
            rows.map(|row| row[1].to_string()).collect::<Vec<_>>()
        };
        let shape = Self {
            columns: of(&["column"]),
            constraints: of(&["not null", "constraint"]),
            makes_values: !of(&["made"]).is_empty(),
        };
        Ok((!shape.columns.is_empty()).then_some(shape))
    }
}

/// Rows are compared by a SHA-256 of all that they hold, as text; of equal ones, as many stay as the new table has.
pub(super) fn exchange(session: &mut Session, live: Name<'_>, new: Name<'_>) -> Result<(), DatabaseError> {
    let name = |(schema, name): Name<'_>| format!("{}.{}", literal::identifier(schema), literal::identifier(name));
    let (live, new) = (name(live), name(new));
    let numbered = |table: &str| {
        format!(
            "(select hetl_place, hetl_hash, row_number() over (partition by hetl_hash) as hetl_number from (
                select hetl_row.ctid as hetl_place, sha256(convert_to(hetl_row.*::text, 'UTF8')) as hetl_hash from {table} hetl_row) hashed)"
        )
    };
    let only_in = |one: &str, other: &str| {
        format!(
            "select one.hetl_place from {} one left join {} other using (hetl_hash, hetl_number) where other.hetl_place is null",
            numbered(one),
            numbered(other)
        )
    };
    // Other writers wait, readers do not.
    let statements = [
        "set local extra_float_digits to 3".to_owned(),
        format!("lock table {live} in share row exclusive mode"),
        format!("delete from {live} using ({}) gone where {live}.ctid = gone.hetl_place", only_in(&live, &new)),
        format!(
            "insert into {live} select hetl_row.* from {new} hetl_row join ({}) added on hetl_row.ctid = added.hetl_place",
            only_in(&new, &live)
        ),
    ];
    for statement in &statements {
        session.execute(statement, false)?;
    }
    Ok(())
}
