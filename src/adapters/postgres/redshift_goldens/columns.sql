select name, data_type, char_size, numeric_precision, numeric_scale from (
            select ordinal_position as place, column_name::varchar as name, data_type::varchar, character_maximum_length as char_size,
                numeric_precision, numeric_scale
            from information_schema."columns" where table_name = 'My View' and table_schema = 'dev'
            union all
            select place, name::varchar, case when type ilike 'character varying%' or type ilike 'varchar%' then 'character varying'
                when type ilike 'numeric%' then 'numeric' else type end,
            case when type ilike 'character%' or type ilike 'varchar%'
                then nullif(regexp_substr(type, '[0-9]+'), '')::int end,
            case when type ilike 'numeric%'
                then nullif(split_part(regexp_substr(type, '[0-9,]+'), ',', 1), '')::int end,
            case when type ilike 'numeric%'
                then nullif(split_part(regexp_substr(type, '[0-9,]+'), ',', 2), '')::int end
            from pg_get_late_binding_view_cols()
                cols(view_schema name, view_name name, name name, type varchar, place int)
            where view_name = 'My View' and view_schema = 'dev'
            union all
            select columnnum, columnname::varchar, case when external_type ilike 'character varying%' or external_type ilike 'varchar%' then 'character varying'
                when external_type ilike 'numeric%' then 'numeric' else external_type end,
            case when external_type ilike 'character%' or external_type ilike 'varchar%'
                then nullif(regexp_substr(external_type, '[0-9]+'), '')::int end,
            case when external_type ilike 'numeric%'
                then nullif(split_part(regexp_substr(external_type, '[0-9,]+'), ',', 1), '')::int end,
            case when external_type ilike 'numeric%'
                then nullif(split_part(regexp_substr(external_type, '[0-9,]+'), ',', 2), '')::int end
            from svv_external_columns where tablename = 'My View' and schemaname = 'dev'
        ) found order by place
