{# Snapshots: an update and an insert, which every version of PostgreSQL has. #}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) %}
{%- set columns = hetl_snapshot_columns() -%}
{%- set current = config.get('dbt_valid_to_current') %}
update {{ target }}
set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
from {{ source }} as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = {{ target }}.{{ columns.dbt_scd_id }}::text
  and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
  and ({{ target }}.{{ columns.dbt_valid_to }} is null
  {%- if current %} or {{ target }}.{{ columns.dbt_valid_to }} = {{ current }}{% endif %});
insert into {{ target }} ({{ insert_cols | join(', ') }})
select {{ insert_cols | join(', ') }}
from {{ source }}
where dbt_change_type::text = 'insert'::text;
{% endmacro %}

{% macro postgres__hetl_row_address() %}
  {% do return('ctid') %}
{% endmacro %}
