select table_schema, table_name, 'table' as kind from information_schema.tables
        where lower(table_schema) in ('dev', 'it''s') and table_type = 'BASE TABLE'
        union all
        select table_schema, table_name,
            case when view_definition ilike '%create materialized view%' then 'materialized_view' else 'view' end
        from information_schema.views
        where lower(table_schema) in ('dev', 'it''s')
        order by 1, 2
