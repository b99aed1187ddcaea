//! Redshift's metadata queries.
//!
//! Late-binding views have no columns in `pg_catalog`, and tables of external schemas are not in it at all: both are asked for where
//! Redshift keeps them. Some of these sources are answered by the leader node alone and cannot be joined with others.

use super::{literal, queries};
use crate::adapters::Relation;

/// All relations of these schemas: schema, name, kind.
pub(super) fn relations(schemas: &[String]) -> String {
    let schemas = queries::lowered(schemas);
    format!(
        "select table_schema, table_name, 'table' as kind from information_schema.tables
        where lower(table_schema) in ({schemas}) and table_type = 'BASE TABLE'
        union all
        select table_schema, table_name,
            case when view_definition ilike '%create materialized view%' then 'materialized_view' else 'view' end
        from information_schema.views
        where lower(table_schema) in ({schemas})
        order by 1, 2"
    )
}

/// The columns of a relation: bound ones, those of a late-binding view, those of an external table.
pub(super) fn columns(relation: &Relation) -> String {
    let identifier = queries::name(relation.identifier.as_deref(), relation.quoting.identifier).unwrap_or_default();
    let identifier = literal::string(&identifier, true);
    let schema = queries::name(relation.schema.as_deref(), relation.quoting.schema);
    let schema = schema.map(|schema| literal::string(&schema, true));
    let in_schema =
        |column: &str| schema.as_ref().map_or_else(String::new, |schema| format!(" and {column} = {schema}"));
    format!(
        "select name, data_type, char_size, numeric_precision, numeric_scale from (
            select ordinal_position as place, column_name as name, data_type, character_maximum_length as char_size,
                numeric_precision, numeric_scale
            from information_schema.\"columns\" where table_name = {identifier}{}
            union all
            select place, name, {}
            from pg_get_late_binding_view_cols()
                cols(view_schema name, view_name name, name name, type varchar, place int)
            where view_name = {identifier}{}
            union all
            select columnnum, columnname, {}
            from pg_catalog.svv_external_columns where tablename = {identifier}{}
        ) found order by place",
        in_schema("table_schema"),
        sizes("type"),
        in_schema("view_schema"),
        sizes("external_type"),
        in_schema("schemaname"),
    )
}

/// A written type (`numeric(10,2)`) as type, size of text, precision and scale.
fn sizes(column: &str) -> String {
    format!(
        "case when {column} ilike 'character varying%' or {column} ilike 'varchar%' then 'character varying'
                when {column} ilike 'numeric%' then 'numeric' else {column} end,
            case when {column} ilike 'character%' or {column} ilike 'varchar%'
                then nullif(regexp_substr({column}, '[0-9]+'), '')::int end,
            case when {column} ilike 'numeric%'
                then nullif(split_part(regexp_substr({column}, '[0-9,]+'), ',', 1), '')::int end,
            case when {column} ilike 'numeric%'
                then nullif(split_part(regexp_substr({column}, '[0-9,]+'), ',', 2), '')::int end"
    )
}

/// Each column of each relation of these schemas, late-binding views included.
pub(super) fn catalog(database: &str, schemas: &[String]) -> String {
    let schemas = queries::lowered(schemas);
    format!(
        "with bound as (
            select n.nspname as table_schema, c.relname as table_name,
                case when c.relkind = 'v' and d.definition ilike '%create materialized view%' then 'MATERIALIZED VIEW'
                    when c.relkind = 'v' then 'VIEW' else 'BASE TABLE' end as table_type,
                r.description as table_comment, a.attname as column_name, a.attnum as column_index,
                pg_catalog.format_type(a.atttypid, a.atttypmod) as column_type, k.description as column_comment
            from pg_catalog.pg_namespace n
            join pg_catalog.pg_class c on c.relnamespace = n.oid
            join pg_catalog.pg_attribute a on a.attrelid = c.oid
            left join pg_catalog.pg_description r on r.objoid = c.oid and r.objsubid = 0
            left join pg_catalog.pg_description k on k.objoid = c.oid and k.objsubid = a.attnum
            left join pg_catalog.pg_views d on d.schemaname = n.nspname and d.viewname = c.relname
            where lower(n.nspname) in ({schemas}) and c.relkind in ('r', 'v', 'f', 'p')
                and a.attnum > 0 and not a.attisdropped
        ),
        late_binding as (
            select view_schema::varchar, view_name::varchar, 'LATE BINDING VIEW'::varchar, null::text,
                name::varchar, place, type::varchar, null::text
            from pg_get_late_binding_view_cols()
                cols(view_schema name, view_name name, name name, type varchar, place int)
            where lower(view_schema) in ({schemas})
        ),
        owners as (
            select schemaname as table_schema, tablename as table_name, tableowner as table_owner from pg_tables
            union all
            select schemaname, viewname, viewowner from pg_views
        )
        select {}, found.table_schema, found.table_name, found.table_type, found.table_comment, owners.table_owner,
            found.column_name, found.column_index, found.column_type, found.column_comment
        from (select * from bound union all select * from late_binding) found
        join owners using (table_schema, table_name)
        order by 2, 3, 8",
        literal::string(database, true)
    )
}
