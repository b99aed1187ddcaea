//! PostgreSQL's metadata queries.
//!
//! They read `pg_catalog` rather than `information_schema`: that one does not know materialized views, and hides what the user has no
//! privileges on.

use super::literal;
use crate::adapters::Relation;

/// All schemas of the database.
pub(super) fn schemas() -> String {
    "select nspname from pg_catalog.pg_namespace order by 1".to_owned()
}

/// All relations and functions of these schemas: schema, name, kind. Functions come first: where a table has the name of one, the
/// table is what counts.
pub(super) fn relations(schemas: &[String]) -> String {
    let schemas = lowered(schemas);
    format!(
        "select schema_name, name, kind from (
            select distinct n.nspname as schema_name, p.proname as name, 'function' as kind, 0 as place
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where lower(n.nspname) in ({schemas})
            union all
            select n.nspname, c.relname,
                case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end, 1
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm') and lower(n.nspname) in ({schemas})
        ) found order by place, schema_name, name"
    )
}

/// The views that read relations of these schemas: schema and name of what is read, schema and name of the view.
pub(super) fn dependencies(schemas: &[String]) -> String {
    format!(
        "select distinct rn.nspname, r.relname, vn.nspname, v.relname
        from pg_catalog.pg_rewrite w
        join pg_catalog.pg_class v on v.oid = w.ev_class
        join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace
        join pg_catalog.pg_depend d on d.objid = w.oid and d.refobjid <> v.oid
        join pg_catalog.pg_class r on r.oid = d.refobjid
        join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
        where lower(rn.nspname) in ({})",
        lowered(schemas)
    )
}

/// The columns of a relation: name, type, size of text, precision and scale of numbers. A name without a schema means what it means to
/// a statement, temporary tables included.
pub(super) fn columns(relation: &Relation) -> String {
    let place = match name(relation.schema.as_deref(), relation.quoting.schema) {
        Some(schema) => format!("n.nspname = {}", literal::string(&schema, false)),
        None => "pg_catalog.pg_table_is_visible(c.oid)".to_owned(),
    };
    let identifier = name(relation.identifier.as_deref(), relation.quoting.identifier).unwrap_or_default();
    format!(
        "select a.attname, pg_catalog.format_type(a.atttypid, null),
            information_schema._pg_char_max_length(own.oid, own.modifier),
            information_schema._pg_numeric_precision(own.oid, own.modifier),
            information_schema._pg_numeric_scale(own.oid, own.modifier)
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_type t on t.oid = a.atttypid
        cross join lateral (
            select case when t.typtype = 'd' then t.typbasetype else t.oid end as oid,
                case when t.typtype = 'd' then t.typtypmod else a.atttypmod end as modifier
        ) own
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
            and c.relname = {} and {place}
        order by a.attnum",
        literal::string(&identifier, false)
    )
}

/// Each column of each relation of these schemas.
pub(super) fn catalog(database: &str, schemas: &[String]) -> String {
    format!(
        "select {}, n.nspname, c.relname,
            case c.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end,
            pg_catalog.obj_description(c.oid, 'pg_class'), pg_catalog.pg_get_userbyid(c.relowner),
            a.attname, a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod),
            pg_catalog.col_description(c.oid, a.attnum)
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid
        where lower(n.nspname) in ({}) and not pg_catalog.pg_is_other_temp_schema(n.oid)
            and c.relpersistence in ('p', 'u') and c.relkind in ('r', 'v', 'f', 'p', 'm')
            and a.attnum > 0 and not a.attisdropped
        order by n.nspname, c.relname, a.attnum",
        literal::string(database, false),
        lowered(schemas)
    )
}

/// A part of a name as the server stores it: in lower case unless it is quoted.
pub(super) fn name(part: Option<&str>, is_quoted: bool) -> Option<String> {
    part.map(|part| if is_quoted { part.to_owned() } else { part.to_lowercase() })
}

/// Names for `lower(…) in (…)`; an empty list is not SQL, and no name is the empty string.
pub(super) fn lowered(names: &[String]) -> String {
    if names.is_empty() {
        return "''".to_owned();
    }
    names.iter().map(|name| literal::string(&name.to_lowercase(), false)).collect::<Vec<_>>().join(", ")
}
