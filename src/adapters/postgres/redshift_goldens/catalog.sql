with bound as (
            select n.nspname::varchar as table_schema, c.relname::varchar as table_name,
                case when c.relkind = 'v' and d.definition ilike '%create materialized view%' then 'MATERIALIZED VIEW'
                    when c.relkind = 'v' then 'VIEW' else 'BASE TABLE' end::varchar as table_type,
                r.description as table_comment, a.attname::varchar as column_name, a.attnum::int as column_index,
                pg_catalog.format_type(a.atttypid, a.atttypmod)::varchar as column_type,
                k.description as column_comment
            from pg_catalog.pg_namespace n
            join pg_catalog.pg_class c on c.relnamespace = n.oid
            join pg_catalog.pg_attribute a on a.attrelid = c.oid
            left join pg_catalog.pg_description r on r.objoid = c.oid and r.objsubid = 0
            left join pg_catalog.pg_description k on k.objoid = c.oid and k.objsubid = a.attnum
            left join pg_catalog.pg_views d on d.schemaname = n.nspname and d.viewname = c.relname
            where lower(n.nspname) in ('dev', 'it''s') and c.relkind in ('r', 'v', 'f', 'p')
                and a.attnum > 0 and not a.attisdropped
        ),
        late_binding as (
            select view_schema::varchar, view_name::varchar, 'LATE BINDING VIEW'::varchar, null::text,
                name::varchar, place, type::varchar, null::text
            from pg_get_late_binding_view_cols()
                cols(view_schema name, view_name name, name name, type varchar, place int)
            where lower(view_schema) in ('dev', 'it''s')
        ),
        owners as (
            select schemaname::varchar as table_schema, tablename::varchar as table_name, tableowner as table_owner
            from pg_tables
            union all
            select schemaname::varchar, viewname::varchar, viewowner from pg_views
        )
        select 'shop', found.table_schema, found.table_name, found.table_type, found.table_comment, owners.table_owner,
            found.column_name, found.column_index, found.column_type, found.column_comment
        from (select * from bound union all select * from late_binding) found
        join owners using (table_schema, table_name)
        order by 2, 3, 8
