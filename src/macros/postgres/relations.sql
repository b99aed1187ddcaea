{# Listing, making, renaming and dropping relations in PostgreSQL. #}

{% macro postgres__list_relations_without_caching(schema_relation) %}
  {% set database = hetl_postgres_text(schema_relation.database) %}
  {% set schema = hetl_postgres_text(schema_relation.schema | lower) %}
  {% do return(run_query(
    "select " ~ database ~ " as database, c.relname as name, n.nspname as schema,\n"
    ~ "  case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type\n"
    ~ "from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace\n"
    ~ "where c.relkind in ('r', 'p', 'v', 'm') and lower(n.nspname) = " ~ schema ~ "\n"
    ~ "union\n"
    ~ "select " ~ database ~ ", p.proname, n.nspname, 'function'\n"
    ~ "from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace\n"
    ~ "where lower(n.nspname) = " ~ schema)) %}
{% endmacro %}

{# Under contract the table is declared first, since `create table … as` takes no constraints. #}
{% macro postgres__create_table_as(temporary, relation, sql) %}
  {%- set contract = config.get('contract').enforced -%}
  {%- if contract %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
{%- set kind = 'temporary ' if temporary else ('unlogged ' if config.get('unlogged', default=false) else '') %}
{%- if contract and not temporary %}
create {{ kind }}table {{ relation }}
  {{ get_table_columns_and_constraints() }};
insert into {{ relation }} (
  {{ adapter.dispatch('get_column_names', 'dbt')() }}
) (
{{ get_select_subquery(sql) }}
);
{%- else %}
create {{ kind }}table {{ relation }} as (
{{ sql }}
);
{%- endif %}
{% endmacro %}

{% macro postgres__get_replace_view_sql(relation, sql) %}
  {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
create or replace view {{ relation }} as (
{{ sql }}
);
{% endmacro %}

{# There is no `create or replace table`: the old one goes and the new one comes, in the same transaction. #}
{% macro postgres__get_replace_table_sql(relation, sql) %}
  {{- get_drop_sql(relation.incorporate(type='table')) ~ ';\n' ~ postgres__create_table_as(False, relation, sql) -}}
{% endmacro %}

{% macro postgres__drop_view(relation) %}
  {{- 'drop view if exists ' ~ relation ~ ' cascade' -}}
{% endmacro %}

{% macro postgres__drop_table(relation) %}
  {{- 'drop table if exists ' ~ relation ~ ' cascade' -}}
{% endmacro %}

{% macro postgres__drop_materialized_view(relation) %}
  {{- 'drop materialized view if exists ' ~ relation ~ ' cascade' -}}
{% endmacro %}

{% macro postgres__rename_relation(from_relation, to_relation) %}
  {% set name = adapter.quote_as_configured(to_relation.identifier, 'identifier') %}
  {% call statement('rename_relation') %}
    {%- if from_relation.is_materialized_view -%}
      {{ get_rename_materialized_view_sql(from_relation, name) }}
    {%- else -%}
      alter table {{ from_relation.render() }} rename to {{ name }}
    {%- endif -%}
  {% endcall %}
{% endmacro %}

{% macro postgres__get_rename_view_sql(relation, new_name) %}
  {{- 'alter view ' ~ relation ~ ' rename to ' ~ new_name -}}
{% endmacro %}

{% macro postgres__get_rename_table_sql(relation, new_name) %}
  {{- 'alter table ' ~ relation ~ ' rename to ' ~ new_name -}}
{% endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) %}
  {{- 'alter materialized view ' ~ relation ~ ' rename to ' ~ new_name -}}
{% endmacro %}
