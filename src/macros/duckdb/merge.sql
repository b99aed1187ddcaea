{# The merge strategy of DuckDB, with its clauses as the model's config gives them. #}

{% macro duckdb__get_incremental_merge_sql(args_dict) %}
  {% do return(duckdb__get_merge_sql(
    args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'],
    args_dict['dest_columns'], args_dict.get('incremental_predicates'))) %}
{% endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
{%- set predicates = normalize_incremental_predicates(incremental_predicates) -%}
{%- do validate_merge_config(config, target) -%}
{%- set usual = merge_clause_defaults(
  config.get('merge_update_condition', none),
  config.get('merge_insert_condition', none),
  config.get('merge_update_columns', none) or [],
  config.get('merge_exclude_columns', none) or [],
  config.get('merge_update_set_expressions', none) or {}) -%}
{%- set picks = usual.when_matched_update_explicit['update'] -%}
{%- set explicit = picks['include'] or picks['exclude'] or picks['set_expressions'] -%}
{%- set clauses = config.get('merge_clauses', none) or {} -%}
{{ config.get('sql_header', none) or '' }}
merge into {{ target }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
{{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns', none) or [], predicates) }}
{%- for clause in clauses.get('when_matched', [usual.when_matched_update_explicit if explicit else usual.when_matched_update_by_name]) %}
when matched {{ hetl_merge_condition_sql(clause.get('condition')) }} then {{ hetl_merge_matched_action_sql(clause, dest_columns) }}
{%- endfor %}
{%- for clause in clauses.get('when_not_matched', [usual.when_not_matched_insert_by_name]) %}
when not matched {{ 'by ' ~ clause.get('by') if clause.get('by') }} {{ hetl_merge_condition_sql(clause.get('condition')) }} then {{ hetl_merge_unmatched_action_sql(clause) }}
{%- endfor %}
{%- set returning = config.get('merge_returning_columns', none) %}
{%- if returning %}
returning {{ returning if returning is string else returning | join(', ') }}
{%- endif %}
{% endmacro %}

{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) %}
  {%- set conditions = [] -%}
  {%- if not merge_on_using_columns -%}
    {%- set keys = [unique_key] if unique_key is string and unique_key else unique_key or [] -%}
    {%- for key in keys %}{% do conditions.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) %}{% endfor -%}
    {%- if not keys %}{% do conditions.append('FALSE') %}{% endif -%}
  {%- endif -%}
  {%- do conditions.extend(incremental_predicates or []) -%}
  {%- if merge_on_using_columns %}using ({{ merge_on_using_columns | join(', ') }}) {% endif -%}
  {%- if conditions %}on ({{ conditions | join(') and (') }}){% endif -%}
{% endmacro %}

{% macro merge_clause_defaults(merge_update_condition, merge_insert_condition, merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}) %}
  {% do return({
    'when_matched_update_by_name': {'action': 'update', 'mode': 'by_name', 'condition': merge_update_condition},
    'when_not_matched_insert_by_name': {'action': 'insert', 'mode': 'by_name', 'condition': merge_insert_condition},
    'when_matched_update_explicit': {'action': 'update', 'mode': 'explicit', 'condition': merge_update_condition, 'update': {
      'include': merge_update_columns, 'exclude': merge_exclude_columns, 'set_expressions': merge_update_set_expressions}},
  }) %}
{% endmacro %}

{% macro hetl_merge_condition_sql(condition) %}
  {%- if condition %}and {{ condition if condition is string else '(' ~ condition | join(') and (') ~ ')' }}{% endif -%}
{% endmacro %}

{% macro hetl_merge_matched_action_sql(clause, dest_columns) %}
  {%- if clause.get('action') != 'update' -%}
    {{ hetl_merge_other_action_sql(clause) }}
  {%- elif clause.get('mode') == 'explicit' -%}
    {%- set picks = clause.get('update') or {} -%}
    {%- set expressions = picks.get('set_expressions') or {} -%}
    {%- set assignments = [] -%}
    {%- for column, expression in expressions.items() %}{% do assignments.append(column ~ ' = ' ~ expression) %}{% endfor -%}
    {%- for column in get_merge_update_columns(picks.get('include') or [], picks.get('exclude') or [], dest_columns) -%}
      {%- if column | replace('"', '') | replace("'", '') not in expressions %}{% do assignments.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) %}{% endif -%}
    {%- endfor -%}
    update set {{ assignments | join(', ') }}
  {%- else -%}
    update {{ {'by_name': 'by name', 'by_position': 'by position', 'star': 'set *'}.get(clause.get('mode'), '') }}
  {%- endif -%}
{% endmacro %}

{% macro hetl_merge_unmatched_action_sql(clause) %}
  {%- if clause.get('action') == 'update' -%}
    {%- set assignments = [] -%}
    {%- for column, expression in (clause.get('set_expressions') or {}).items() %}{% do assignments.append(column ~ ' = ' ~ expression) %}{% endfor -%}
    update set {{ assignments | join(', ') }}
  {%- elif clause.get('action') != 'insert' -%}
    {{ hetl_merge_other_action_sql(clause) }}
  {%- elif clause.get('mode') == 'explicit' -%}
    {%- set given = clause.get('insert') or {} -%}
    insert ({{ given.get('columns', []) | join(', ') }}) values ({{ given.get('values', []) | join(', ') }})
  {%- else -%}
    insert {{ {'by_name': 'by name', 'by_position': 'by position', 'star': '*'}.get(clause.get('mode'), '') }}
  {%- endif -%}
{% endmacro %}

{% macro hetl_merge_other_action_sql(clause) %}
  {%- set action = clause.get('action') -%}
  {{ {'delete': 'delete', 'do_nothing': 'do nothing', 'error': 'error'}.get(action, '') }}
  {%- if action == 'error' and clause.get('error_message') %} '{{ clause.get('error_message') | replace("'", "''") }}'{% endif -%}
{% endmacro %}
