{# Snapshots in DuckDB: an update and an insert, since the staging table has several rows for one key. #}

{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) %}
{%- set columns = hetl_snapshot_columns() -%}
{%- set current = config.get('dbt_valid_to_current') %}
update {{ target }} as DBT_INTERNAL_TARGET
set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
from {{ source }} as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
  and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
  and (DBT_INTERNAL_TARGET.{{ columns.dbt_valid_to }} is null
  {%- if current %} or DBT_INTERNAL_TARGET.{{ columns.dbt_valid_to }} = {{ current }}{% endif %});
insert into {{ target }} ({{ insert_cols | join(', ') }})
select {{ insert_cols | join(', ') }}
from {{ source }}
where dbt_change_type = 'insert';
{% endmacro %}

{% macro duckdb__post_snapshot(staging_relation) %}
  {% do return(drop_relation(staging_relation)) %}
{% endmacro %}

{% macro duckdb__hetl_row_address() %}
  {% do return('rowid') %}
{% endmacro %}
