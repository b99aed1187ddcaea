{# Listing, making, renaming and dropping relations in DuckDB. #}

{% macro duckdb__list_relations_without_caching(schema_relation) %}
  {% call statement('list_relations_without_caching', fetch_result=True) %}
    select
      '{{ schema_relation.database }}' as database,
      table_name as name,
      table_schema as schema,
      case table_type when 'VIEW' then 'view' else 'table' end as type
    from system.information_schema.tables
    where lower(table_catalog) = '{{ schema_relation.database | lower }}'
      and lower(table_schema) = '{{ schema_relation.schema | lower }}'
  {% endcall %}
  {% do return(load_result('list_relations_without_caching').table) %}
{% endmacro %}

{# A table of this connection only: no schema, and a name that no other batch or run has. #}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
  {% do return(base_relation.incorporate(path={
    'database': none, 'schema': none, 'identifier': base_relation.identifier ~ suffix ~ py_current_timestring()})) %}
{% endmacro %}

{# For materializations that ask where a passing result may live, and whether it is a temporary table. #}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}
  {% do return({'relation': make_temp_relation(target_relation), 'temporary': true}) %}
{% endmacro %}

{% macro duckdb__drop_relation(relation) %}
  {% call statement('drop_relation', auto_begin=False) %}
    drop {{ relation.type }} if exists {{ relation }}{{ ' cascade' if not adapter.is_ducklake(relation) }}
  {% endcall %}
{% endmacro %}

{% macro duckdb__rename_relation(from_relation, to_relation) %}
  {% call statement('rename_relation') %}
    alter {{ to_relation.type }} {{ from_relation }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
  {% endcall %}
{% endmacro %}

{% macro duckdb__create_view_as(relation, sql) %}
  {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
create view {{ relation }} as (
{{ sql }}
);
{% endmacro %}

{# Under contract the table is declared first, since `create table … as` takes no constraints; nor do temporary tables. #}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) %}
  {%- set contract = config.get('contract').enforced -%}
  {%- if contract %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
{%- set name = relation.include(database=not temporary, schema=not temporary) %}
{%- set layout = hetl_duckdb_layout_sql(relation, temporary, partitioned_by, sorted_by) %}
{%- if contract and not temporary %}
create table {{ name }} {{ get_table_columns_and_constraints() }};
{{ layout }}
insert into {{ relation }} {{ get_column_names() }} (
{{ get_select_subquery(compiled_code) }}
);
{%- elif layout %}
create table {{ name }} as (
select * from (
{{ compiled_code }}
) as model_subq limit 0
);
{{ layout }}
insert into {{ relation }} select * from (
{{ compiled_code }}
) as model_subq;
{%- else %}
create {{ 'temporary ' if temporary }}table {{ name }} as (
{{ compiled_code }}
);
{%- endif %}
{% endmacro %}

{% macro get_column_names() %}
  {{- '(' ~ default__get_column_names() ~ ')' -}}
{% endmacro %}

{# Grants do not exist in DuckDB: whoever can open the file can do everything. #}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}
  {% if grant_config %}{% do adapter.warn_once('Grants for relations are not supported by DuckDB') %}{% endif %}
{% endmacro %}

{# DuckDB is in no transaction until one is begun, so there is nothing to commit before the first hook. #}
{% macro duckdb__run_hooks(hooks, inside_transaction) %}
  {% for hook in hooks | selectattr('transaction', 'equalto', inside_transaction) %}
    {% do hetl_run_hook(hook, inside_transaction) %}
  {% endfor %}
{% endmacro %}
