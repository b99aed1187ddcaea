{# The first build of a snapshot, and the staging table and final statement of the later ones. #}

{% macro build_snapshot_table(strategy, sql) %}
  {{- adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) -}}
{% endmacro %}

{% macro default__build_snapshot_table(strategy, sql) %}
  {%- set columns = hetl_snapshot_columns() -%}
  select *,
    {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ get_dbt_valid_to_current(strategy, columns) }}
    {%- if strategy.hard_deletes == 'new_record' %},
    'False' as {{ columns.dbt_is_deleted }}
    {%- endif %}
  from (
{{ sql }}
  ) sbq
{%- endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {% set staging_relation = make_temp_relation(target_relation) %}
  {% set select = snapshot_staging_table(strategy, sql, target_relation) %}
  {% call statement('build_snapshot_staging_relation') %}{{ create_table_as(True, staging_relation, select) }}{% endcall %}
  {% do return(staging_relation) %}
{% endmacro %}

{% macro post_snapshot(staging_relation) %}
  {{- adapter.dispatch('post_snapshot', 'dbt')(staging_relation) -}}
{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}{% endmacro %}

{# Closes the rows that an 'update' or 'delete' of the staging table names, and adds its 'insert' rows. #}
{% macro snapshot_merge_sql(target, source, insert_cols) %}
  {{- adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) -}}
{% endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) %}
{%- set columns = hetl_snapshot_columns() -%}
{%- set names = insert_cols | join(', ') %}
merge into {{ target.render() }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
when matched and {{ hetl_snapshot_row_is_current('DBT_INTERNAL_DEST.' ~ columns.dbt_valid_to) }}
  and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
  then update set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
when not matched and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
  then insert ({{ names }}) values ({{ names }})
{% endmacro %}
