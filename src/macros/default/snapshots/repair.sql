{# `snapshot --repair plan`: what is wrong with a history, and the statements that would mend it. Nothing is run but counts. #}

{# Answers with a text. It shows SQL and counts, never values. #}
{% macro hetl_snapshot_repair_plan() %}
  {% set relation = adapter.get_relation(database=model.database, schema=model.schema, identifier=model.alias) %}
  {% if relation is none %}{% do return('there is no table yet') %}{% endif %}
  {% set unique_key = config.get('unique_key') %}
  {% set keys = hetl_snapshot_key_names(unique_key) | join(', ') %}
  {% set history = hetl_snapshot_history_sql(unique_key, relation) %}
  {% set counts = run_query(hetl_snapshot_problems_sql(unique_key, model.compiled_code, relation, 'select distinct ' ~ keys ~ ' from hetl_history'))[0] %}
  {% set copies = run_query('select count(*) from (select version from (' ~ history ~ ') hetl_history group by version having count(*) > 1) hetl_copies')[0][0] %}
  {% set steps = [] %}
  {% if counts[0] or counts[1] %}
    {% do steps.append(
      '-- ' ~ hetl_counted(counts[0], 'row', 'rows') ~ ' of the query without a key, ' ~ hetl_counted(counts[1], 'key', 'keys') ~ ' more than once.\n'
      ~ '-- Correct the query or the unique key. These are the keys:\n'
      ~ 'select ' ~ keys ~ ', count(*) from (\n  select ' ~ unique_key_fields(unique_key) ~ ' from (\n' ~ model.compiled_code | trim ~ '\n  ) hetl_source\n) hetl_input\n'
      ~ 'group by ' ~ keys ~ '\nhaving count(*) > 1 or not (' ~ (keys | replace(', ', ' is not null and ')) ~ ' is not null);') %}
  {% endif %}
  {% if copies %}{% do steps.append(hetl_snapshot_copies_step(relation, copies)) %}{% endif %}
  {% if counts[2] or counts[4] %}
    {% do steps.append(
      '-- ' ~ hetl_counted(counts[2], 'key', 'keys') ~ ' with several open versions, ' ~ hetl_counted(counts[4], 'key', 'keys') ~ ' with versions that overlap.\n'
      ~ '-- Each version ends where the next one begins:\n'
      ~ hetl_snapshot_close_sql(relation, keys, history)) %}
  {% endif %}
  {% if not steps %}{% do return('the history is sound') %}{% endif %}
  {% do return(steps | join('\n\n')) %}
{% endmacro %}

{% macro hetl_snapshot_copies_step(relation, copies) %}
  {%- set columns = hetl_snapshot_columns() -%}
  {%- set address = hetl_row_address() -%}
  {%- set told = '-- ' ~ hetl_counted(copies, 'version is', 'versions are') ~ ' there more than once.' -%}
  {%- if not address -%}
    {%- do return(told ~ ' Keep one row of each `' ~ columns.dbt_scd_id ~ '`.') -%}
  {%- endif -%}
  {%- do return(told ~ ' One row of each stays:\n'
    ~ 'delete from ' ~ relation ~ ' where ' ~ address ~ ' not in (\n  select min(' ~ address ~ ') from ' ~ relation ~ ' group by ' ~ columns.dbt_scd_id ~ '\n);') -%}
{% endmacro %}

{% macro hetl_snapshot_close_sql(relation, keys, history) %}
  {%- set columns = hetl_snapshot_columns() -%}
update {{ relation }} as hetl_target set {{ columns.dbt_valid_to }} = hetl_next.next_from
from (
  select version, valid_to, is_open, lead(valid_from) over (partition by {{ keys }} order by valid_from, version) as next_from
  from (
  {{ history }}
  ) hetl_history
) hetl_next
where hetl_next.version = hetl_target.{{ columns.dbt_scd_id }} and hetl_next.next_from is not null
  and (hetl_next.is_open = 1 or hetl_next.valid_to > hetl_next.next_from);
{%- endmacro %}

{# A name for the place of a row in its table, where the warehouse has one. #}
{% macro hetl_row_address() %}
  {{- return(adapter.dispatch('hetl_row_address', 'dbt')()) -}}
{% endmacro %}

{% macro default__hetl_row_address() %}
  {% do return(none) %}
{% endmacro %}
