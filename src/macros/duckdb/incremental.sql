{# Incremental strategies of DuckDB beside merge: delete+insert, which is the default, and microbatch. #}

{# As in dbt-duckdb: a project written for another warehouse can be built whole here. #}
{% macro duckdb__hetl_needs_strategy_to_create() %}{{ return(false) }}{% endmacro %}

{% macro duckdb__get_incremental_default_sql(arg_dict) %}
  {% do return(get_incremental_delete_insert_sql(arg_dict)) %}
{% endmacro %}

{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
{%- if unique_key %}
{%- if unique_key is string %}
delete from {{ target }}
where ({{ unique_key }}) in (select ({{ unique_key }}) from {{ source }})
{%- else %}
delete from {{ target }} as DBT_INCREMENTAL_TARGET
using {{ source }}
where {% for key in unique_key %}{{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endif %}
{%- for predicate in incremental_predicates or [] %}
  and {{ predicate }}
{%- endfor %};
{% endif %}
{{- get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}

{# A batch replaces all rows of its own stretch of time. #}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) %}
  {% set event_time = config.get('event_time') %}
  {% if not event_time %}
    {% do exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") %}
  {% endif %}
  {% if config.get('unique_key') %}
    {% do exceptions.raise_compiler_error(
      "microbatch incremental strategy does not support 'unique_key': each batch replaces the rows of its time range by 'event_time'. "
      ~ "Remove 'unique_key' or use incremental_strategy='merge'.") %}
  {% endif %}
  {% set batch = model.get('batch') or {} %}
  {% set start = batch.get('event_time_start') %}
  {% set end = batch.get('event_time_end') %}
  {% if not start or not end %}
    {% do exceptions.raise_compiler_error("microbatch incremental strategy requires 'batch.event_time_start' and 'batch.event_time_end' to be set in the context") %}
  {% endif %}
  {% set in_batch = event_time ~ " >= '" ~ start ~ "' and " ~ event_time ~ " < '" ~ end ~ "'" %}
  {% set conditions = [in_batch] %}
  {% for predicate in normalize_incremental_predicates(arg_dict.get('incremental_predicates')) %}
    {% do conditions.append('(' ~ predicate ~ ')') %}
  {% endfor %}
  {% set names = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
  {% set target = arg_dict['target_relation'] %}
  {% do return(
    'delete from ' ~ target ~ ' where ' ~ conditions | join(' and ') ~ ';\n'
    ~ 'insert into ' ~ target ~ ' (' ~ names ~ ')\nselect ' ~ names ~ ' from ' ~ arg_dict['temp_relation'] ~ ' where ' ~ in_batch ~ ';') %}
{% endmacro %}
