{# Incremental strategies in Redshift, whose `delete` and `merge` take no other name for the target than its own. #}

{% macro hetl_redshift_predicates(target, predicates) %}
  {% set own = [] %}
  {% for predicate in predicates or [] %}
    {% do own.append(predicate | replace('DBT_INTERNAL_DEST.', target ~ '.') | replace('dbt_internal_dest.', target ~ '.')) %}
  {% endfor %}
  {% do return(own) %}
{% endmacro %}

{% macro redshift__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
{%- if unique_key -%}
{%- set keys = unique_key if unique_key is string else unique_key | join(', ') %}
delete from {{ target }}
where ({{ keys }}) in (select distinct {{ keys }} from {{ source }} as DBT_INTERNAL_SOURCE)
{%- for predicate in hetl_redshift_predicates(target, incremental_predicates) %}
  and {{ predicate }}
{%- endfor %};
{% endif -%}
{{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}

{% macro redshift__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
{%- set conditions = hetl_redshift_predicates(target, incremental_predicates) -%}
{%- if not unique_key -%}
  {%- do conditions.append('FALSE') -%}
{%- else -%}
  {%- for key in ([unique_key] if unique_key is string else unique_key) -%}
    {%- do conditions.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = ' ~ target ~ '.' ~ key) -%}
  {%- endfor -%}
{%- endif -%}
{%- set names = get_merge_update_columns(none, none, dest_columns) -%}
{{ config.get('sql_header', none) or '' }}
merge into {{ target }}
using {{ source }} as DBT_INTERNAL_SOURCE
on ({{ conditions | join(') and (') }})
{%- if unique_key %}
when matched then update set
  {%- for name in get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) %}
  {{ name }} = DBT_INTERNAL_SOURCE.{{ name }}{{ ',' if not loop.last }}
  {%- endfor %}
{%- endif %}
when not matched then insert ({{ names | join(', ') }})
values ({% for name in names %}DBT_INTERNAL_SOURCE.{{ name }}{{ ', ' if not loop.last }}{% endfor %})
{% endmacro %}

{# The batch's stretch of time is emptied and filled again; no key is needed. #}
{% macro redshift__get_incremental_microbatch_sql(arg_dict) %}
{%- set target = arg_dict['target_relation'] -%}
{%- if not model.batch or not model.batch.event_time_start or not model.batch.event_time_end -%}
  {% do exceptions.raise_compiler_error('dbt could not compute the start and end timestamps for the running batch') %}
{%- endif -%}
{%- set predicates = hetl_redshift_predicates(target, arg_dict.get('incremental_predicates')) -%}
{%- do predicates.append(model.config.event_time ~ " >= TIMESTAMP '" ~ model.batch.event_time_start ~ "'") -%}
{%- do predicates.append(model.config.event_time ~ " < TIMESTAMP '" ~ model.batch.event_time_end ~ "'") %}
delete from {{ target }} where ({{ predicates | join(' and ') }});
{{ get_insert_into_sql(target, arg_dict['temp_relation'], arg_dict['dest_columns']) }}
{% endmacro %}

{# Rows have no address. #}
{% macro redshift__hetl_row_address() %}
  {% do return(none) %}
{% endmacro %}
