{# SQL of the strategies that replace rows: merge, delete+insert, insert_overwrite. #}

{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
  {%- set incremental_predicates = kwargs.get('predicates', incremental_predicates) -%}
  {{ adapter.dispatch('get_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}

{% macro default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
{%- set conditions = [] + (incremental_predicates or []) -%}
{%- if not unique_key -%}
  {%- do conditions.append('FALSE') -%}
{%- elif unique_key is not string -%}
  {%- for key in unique_key %}{% do conditions.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) %}{% endfor -%}
{%- else -%}
  {%- do conditions.append(get_merge_unique_key_match('DBT_INTERNAL_SOURCE.' ~ unique_key, 'DBT_INTERNAL_DEST.' ~ unique_key)) -%}
{%- endif -%}
{%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
{{ config.get('sql_header', none) or '' }}
merge into {{ target }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
on ({{ conditions | join(') and (') }})
{%- if unique_key %}
when matched then update set
  {%- for name in get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) %}
  {{ name }} = DBT_INTERNAL_SOURCE.{{ name }}{{ ',' if not loop.last }}
  {%- endfor %}
{%- endif %}
when not matched then insert ({{ names }}) values ({{ names }})
{% endmacro %}

{% macro get_merge_unique_key_match(source_unique_key, target_unique_key) %}
  {{- return(adapter.dispatch('get_merge_unique_key_match', 'dbt')(source_unique_key, target_unique_key)) -}}
{% endmacro %}

{% macro default__get_merge_unique_key_match(source_unique_key, target_unique_key) %}
  {% do return(equals(source_unique_key, target_unique_key) | trim) %}
{% endmacro %}

{# The columns that a merge overwrites: those named, or all but those excluded, or all. #}
{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {{- return(adapter.dispatch('get_merge_update_columns', 'dbt')(merge_update_columns, merge_exclude_columns, dest_columns)) -}}
{% endmacro %}

{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {% if merge_update_columns and merge_exclude_columns %}
    {% do exceptions.raise_compiler_error('Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config') %}
  {% endif %}
  {% if merge_update_columns %}{% do return(merge_update_columns) %}{% endif %}
  {% set excluded = merge_exclude_columns | map('lower') | list if merge_exclude_columns else [] %}
  {% set kept = [] %}
  {% for column in dest_columns if column.column | lower not in excluded %}{% do kept.append(column.quoted) %}{% endfor %}
  {% do return(kept) %}
{% endmacro %}

{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
  {{- adapter.dispatch('get_delete_insert_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates) -}}
{% endmacro %}

{% macro default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
{%- if unique_key -%}
{%- set keys = unique_key if unique_key is string else unique_key | join(', ') %}
delete from {{ target }} as DBT_INTERNAL_DEST
where ({{ keys }}) in (select distinct {{ keys }} from {{ source }} as DBT_INTERNAL_SOURCE)
{%- for predicate in incremental_predicates or [] %}
  and {{ predicate }}
{%- endfor %};
{% endif -%}
{{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}

{% macro get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) %}
  {{- adapter.dispatch('get_insert_overwrite_merge_sql', 'dbt')(target, source, dest_columns, predicates, include_sql_header) -}}
{% endmacro %}

{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header) %}
{%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
{{ (config.get('sql_header', none) if include_sql_header else none) or '' }}
merge into {{ target }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
on FALSE
when not matched by source {{ 'and ' ~ predicates | join(' and ') if predicates }} then delete
when not matched then insert ({{ names }}) values ({{ names }})
{% endmacro %}
