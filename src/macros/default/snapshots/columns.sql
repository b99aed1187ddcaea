{# The columns a snapshot adds to its rows, and the keys it matches them by. #}

{# Names as configured by `snapshot_meta_column_names`, or as usual. #}
{% macro hetl_snapshot_columns() %}
  {% do return(config.get('snapshot_table_column_names') or get_snapshot_table_column_names()) %}
{% endmacro %}

{% macro get_snapshot_table_column_names() %}
  {% set names = {} %}
  {% for name in ['dbt_valid_to', 'dbt_valid_from', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'] %}
    {% do names.update({name: name}) %}
  {% endfor %}
  {% do return(names) %}
{% endmacro %}

{# The end of a row that still holds; the nullif gives a bare null the type of the other timestamps. #}
{% macro get_dbt_valid_to_current(strategy, columns) %}
  {{- 'coalesce(nullif(' ~ strategy.updated_at ~ ', ' ~ strategy.updated_at ~ '), '
      ~ (config.get('dbt_valid_to_current') or 'null') ~ ') as ' ~ columns.dbt_valid_to -}}
{% endmacro %}

{# A condition: does the row still hold? #}
{% macro hetl_snapshot_row_is_current(valid_to) %}
  {%- set current = config.get('dbt_valid_to_current') -%}
  {%- if current -%}
    ({{ equals(valid_to, current | trim) | trim }} or {{ valid_to }} is null)
  {%- else -%}
    {{ valid_to }} is null
  {%- endif -%}
{% endmacro %}

{% macro unique_key_fields(unique_key) %}
  {%- if unique_key | is_list -%}
    {%- for key in unique_key %}{{ key }} as dbt_unique_key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor -%}
  {%- else -%}
    {{ unique_key }} as dbt_unique_key
  {%- endif -%}
{% endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) %}
  {%- if unique_key | is_list -%}
    {%- for key in unique_key -%}
      {%- set name = '.dbt_unique_key_' ~ loop.index -%}
      {{ equals(identifier ~ name, from_identifier ~ name) | trim }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
  {%- else -%}
    {{ identifier }}.dbt_unique_key = {{ from_identifier }}.dbt_unique_key
  {%- endif -%}
{% endmacro %}

{% macro unique_key_is_null(unique_key, identifier) %}
  {{- identifier ~ '.dbt_unique_key' ~ ('_1' if unique_key | is_list else '') ~ ' is null' -}}
{% endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) %}
  {{- identifier ~ '.dbt_unique_key' ~ ('_1' if unique_key | is_list else '') ~ ' is not null' -}}
{% endmacro %}

{% macro create_columns(relation, columns) %}
  {{- adapter.dispatch('create_columns', 'dbt')(relation, columns) -}}
{% endmacro %}

{% macro default__create_columns(relation, columns) %}
  {% for column in columns %}
    {% call statement() %}
      alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.expanded_data_type }};
    {% endcall %}
  {% endfor %}
{% endmacro %}

{# A warning where the snapshot's times would change their type midway. #}
{% macro check_time_data_types(sql) %}
  {% set found = get_updated_at_column_data_type(sql) %}
  {% set usual = get_snapshot_get_time_data_type() %}
  {% if found is not none and usual is not none and found != usual and exceptions.warn_snapshot_timestamp_data_types %}
    {% do exceptions.warn_snapshot_timestamp_data_types(usual, found) %}
  {% endif %}
{% endmacro %}

{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {% for column in get_column_schema_from_query(snapshot_sql) if column.column in ('dbt_updated_at', 'DBT_UPDATED_AT') %}
    {% do return(column.dtype or none) %}
  {% endfor %}
  {% do return(none) %}
{% endmacro %}
