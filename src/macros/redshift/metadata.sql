{# What a Redshift cluster holds. #}

{% macro redshift__list_relations_without_caching(schema_relation) %}
  {% do return(run_query("
    select table_catalog as database, table_name as name, table_schema as schema, 'table' as type
    from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema ilike " ~ hetl_postgres_text(schema_relation.schema) ~ "
    union all
    select table_catalog, table_name, table_schema,
      case when view_definition ilike '%create materialized view%' then 'materialized_view' else 'view' end
    from information_schema.views
    where table_schema ilike " ~ hetl_postgres_text(schema_relation.schema))) %}
{% endmacro %}

{# Tables and bound views, views that are not bound, and tables outside of the cluster are in three places. #}
{% macro redshift__get_columns_in_relation(relation) %}
  {% set name = hetl_postgres_text(relation.identifier) %}
  {% call statement('get_columns_in_relation', fetch_result=True) %}
    with found as (
      select ordinal_position, table_schema, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
      from information_schema.columns
      where table_name = {{ name }}
      union all
      select ordinal_position, view_schema, column_name, {{ hetl_redshift_type_parts('column_type') }}
      from pg_get_late_binding_view_cols()
        columns(view_schema name, view_name name, column_name name, column_type varchar, ordinal_position int)
      where view_name = {{ name }}
      union all
      select columnnum, schemaname, columnname, {{ hetl_redshift_type_parts('external_type') }}
      from pg_catalog.svv_external_columns
      where tablename = {{ name }}
    )
    select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
    from found
    {%- if relation.schema %} where table_schema = {{ hetl_postgres_text(relation.schema) }}{% endif %}
    order by ordinal_position
  {% endcall %}
  {% do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) %}
{% endmacro %}

{# Type, length, precision and scale out of a text such as `numeric(10,2)`. #}
{% macro hetl_redshift_type_parts(column) %}
  {%- set is_text = '(' ~ column ~ " ilike 'character varying%' or " ~ column ~ " ilike 'varchar%')" -%}
  {%- set is_numeric = column ~ " ilike 'numeric%'" -%}
  case when {{ is_text }} then 'character varying' when {{ is_numeric }} then 'numeric' else {{ column }} end,
  case when {{ is_text }} or {{ column }} ilike 'character%' then nullif(regexp_substr({{ column }}, '[0-9]+'), '')::int end,
  case when {{ is_numeric }} then nullif(split_part(regexp_substr({{ column }}, '[0-9,]+'), ',', 1), '')::int end,
  case when {{ is_numeric }} then nullif(split_part(regexp_substr({{ column }}, '[0-9,]+'), ',', 2), '')::int end
{%- endmacro %}

{% macro redshift__get_relations() %}
  {% do return(run_query("
    with relation as (
      select named.oid, named.relname, schema.nspname
      from pg_class as named join pg_namespace as schema on schema.oid = named.relnamespace
      where schema.nspname <> 'information_schema' and left(schema.nspname, 3) <> 'pg_'
    ),
    need as (
      select distinct coalesce(rule.ev_class, depend.objid) as dependent, depend.refobjid as referenced
      from pg_depend as depend left join pg_rewrite as rule on rule.oid = depend.objid
      where coalesce(rule.ev_class, depend.objid) <> depend.refobjid
    )
    select distinct
      dependent.nspname as dependent_schema, dependent.relname as dependent_name,
      referenced.nspname as referenced_schema, referenced.relname as referenced_name
    from need
    join relation as referenced on referenced.oid = need.referenced
    join relation as dependent on dependent.oid = need.dependent")) %}
{% endmacro %}

{% macro redshift__get_relation_last_modified(information_schema, relations) %}
  {% set conditions = [] %}
  {% for relation in relations %}
    {% do conditions.append('(upper(schema.nspname) = upper(' ~ hetl_postgres_text(relation.schema)
      ~ ') and upper(named.relname) = upper(' ~ hetl_postgres_text(relation.identifier) ~ '))') %}
  {% endfor %}
  {% call statement('last_modified', fetch_result=True) %}
    select schema.nspname as "schema", named.relname as identifier, max(detail.start_time) as last_modified,
      {{ current_timestamp() }} as snapshotted_at
    from pg_class as named
    join pg_namespace as schema on schema.oid = named.relnamespace
    join sys_query_detail as detail on detail.table_id = named.oid
    where detail.step_name = 'insert' and ({{ conditions | join(' or ') }})
    group by 1, 2, 4
  {% endcall %}
  {% do return(load_result('last_modified')) %}
{% endmacro %}

{# Privileges are asked one by one: the catalog's lists of them are not to be read here. #}
{% macro redshift__get_show_grant_sql(relation) %}
  select person.usename as grantee, privilege.privilege_type
  from pg_user as person
  cross join (
    select 'select' as privilege_type union all select 'insert' union all select 'update' union all select 'delete'
    union all select 'references'
  ) as privilege
  where has_table_privilege(person.usename, {{ hetl_postgres_text(relation) }}, privilege.privilege_type)
    and person.usename <> current_user and not person.usesuper
{%- endmacro %}
