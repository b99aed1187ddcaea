{# Is the history sound that a snapshot is about to commit? Counts are told, values never: keys may name people. #}

{# What to do about an unsound history: `meta: {hetl: {snapshot_guard: error}}` refuses it, `warn` only tells, `off` does not look. #}
{% macro hetl_snapshot_guard() %}
  {% set wish = ((config.get('meta') or {}).get('hetl') or {}).get('snapshot_guard', 'error') %}
  {# YAML reads a bare `off` as false. #}
  {% set wish = 'off' if wish == false else wish %}
  {% if wish not in ['error', 'warn', 'off'] %}
    {% do exceptions.raise_compiler_error("`snapshot_guard` can be error, warn or off, not '" ~ wish ~ "'") %}
  {% endif %}
  {% do return(wish) %}
{% endmacro %}

{# Rows of a history before anything is written; none where nobody asks. #}
{% macro hetl_snapshot_count(relation) %}
  {% if hetl_snapshot_guard() == 'off' %}{% do return(none) %}{% endif %}
  {% do return(run_query('select count(*) from ' ~ relation)[0][0]) %}
{% endmacro %}

{# Refuses what must not be committed. `staging_relation` has the changes; it is none when the table was made from the query just now. #}
{% macro hetl_check_snapshot(strategy, source_sql, target_relation, staging_relation, rows_before) %}
  {% set guard = hetl_snapshot_guard() %}
  {% if guard == 'off' %}{% do return('') %}{% endif %}
  {% set keys = hetl_snapshot_key_names(strategy.unique_key) %}
  {% set changed_sql = 'select ' ~ keys | join(', ') ~ ' from hetl_history where 1 = 0' %}
  {% if staging_relation is not none %}
    {% set present = adapter.get_columns_in_relation(staging_relation) | map(attribute='name') | map('lower') | list %}
    {% if keys | reject('in', present) | list | length == 0 %}
      {% set changed_sql = 'select distinct ' ~ keys | join(', ') ~ ' from ' ~ staging_relation ~ " where dbt_change_type = 'insert'" %}
    {% endif %}
  {% else %}
    {# All rows of the new table are open, and they are the query's. #}
    {% set source_sql = none %}
  {% endif %}
  {% set problems = hetl_snapshot_problems(strategy.unique_key, source_sql, target_relation, changed_sql) %}
  {% if rows_before is not none %}
    {% set lost = rows_before - run_query('select count(*) from ' ~ target_relation)[0][0] %}
    {% if lost > 0 %}{% do problems.append(hetl_counted(lost, 'row of the history would be', 'rows of the history would be') ~ ' lost') %}{% endif %}
  {% endif %}
  {% if problems %}
    {% set message = 'the history of ' ~ target_relation.render() ~ ' would not be sound: ' ~ problems | join('; ') %}
    {% if guard == 'warn' %}
      {% do exceptions.warn(message) %}
    {% else %}
      {% do exceptions.raise_compiler_error(message ~ '. Nothing was written; `hetl snapshot --repair plan` tells how to mend it') %}
    {% endif %}
  {% endif %}
{% endmacro %}

{% macro hetl_counted(count, one, many) %}
  {%- do return(count ~ ' ' ~ (one if count == 1 else many)) -%}
{% endmacro %}

{# Sentences about what is wrong, each with a count. Without a query, the open rows of the table are its input. #}
{% macro hetl_snapshot_problems(unique_key, source_sql, target_relation, changed_sql) %}
  {% set found = run_query(hetl_snapshot_problems_sql(unique_key, source_sql, target_relation, changed_sql))[0] %}
  {% set problems = [] %}
  {% if found[0] %}{% do problems.append(hetl_counted(found[0], 'row has', 'rows have') ~ ' no unique key') %}{% endif %}
  {% if found[1] %}{% do problems.append(hetl_counted(found[1], 'key is', 'keys are') ~ ' in the query more than once') %}{% endif %}
  {% if found[2] %}{% do problems.append(hetl_counted(found[2], 'key has', 'keys have') ~ ' several open versions') %}{% endif %}
  {% if found[3] %}{% do problems.append(hetl_counted(found[3], 'changed key has', 'changed keys have') ~ ' no open version') %}{% endif %}
  {% if found[4] %}{% do problems.append(hetl_counted(found[4], 'key has', 'keys have') ~ ' versions that overlap') %}{% endif %}
  {% do return(problems) %}
{% endmacro %}

{% macro hetl_snapshot_key_names(unique_key) %}
  {% if not unique_key | is_list %}{% do return(['dbt_unique_key']) %}{% endif %}
  {% set names = [] %}
  {% for key in unique_key %}{% do names.append('dbt_unique_key_' ~ loop.index) %}{% endfor %}
  {% do return(names) %}
{% endmacro %}

{# The versions of a history under names that are the same for all. #}
{% macro hetl_snapshot_history_sql(unique_key, target_relation) %}
  {%- set columns = hetl_snapshot_columns() -%}
  select {{ unique_key_fields(unique_key) }},
    {{ columns.dbt_scd_id }} as version, {{ columns.dbt_valid_from }} as valid_from, {{ columns.dbt_valid_to }} as valid_to,
    case when {{ hetl_snapshot_row_is_current(columns.dbt_valid_to) }} then 1 else 0 end as is_open
  from {{ target_relation }}
{%- endmacro %}

{# One row: rows without a key, keys that are repeated, keys with several open versions; and of the keys that `changed_sql` gives, those without
   an open version and those whose versions overlap. What has not changed in this run is not compared version by version. #}
{% macro hetl_snapshot_problems_sql(unique_key, source_sql, target_relation, changed_sql) %}
{%- set keys = hetl_snapshot_key_names(unique_key) -%}
{%- set key_list = keys | join(', ') -%}
{%- set has_key = keys | join(' is not null and ') ~ ' is not null' -%}
{%- set is_changed = [] -%}
{%- set is_same_key = [] -%}
{%- for key in keys -%}
  {%- do is_changed.append('hetl_history.' ~ key ~ ' = hetl_changed.' ~ key) -%}
  {%- do is_same_key.append('earlier.' ~ key ~ ' = later.' ~ key) -%}
{%- endfor -%}
with hetl_history as (
  {{ hetl_snapshot_history_sql(unique_key, target_relation) }}
),
hetl_input as (
{%- if source_sql is none %}
  select {{ key_list }} from hetl_history where is_open = 1
{%- else %}
  select {{ unique_key_fields(unique_key) }} from (
{{ source_sql }}
  ) hetl_source
{%- endif %}
),
hetl_changed as (
  {{ changed_sql }}
),
hetl_versions as (
  select hetl_history.* from hetl_history join hetl_changed on {{ is_changed | join(' and ') }}
)
select
  (select count(*) from hetl_input where not ({{ has_key }})) as without_key,
  (select count(*) from (
    select {{ key_list }} from hetl_input where {{ has_key }} group by {{ key_list }} having count(*) > 1) hetl_repeated) as repeated,
  (select count(*) from (
    select {{ key_list }} from hetl_history where is_open = 1 and {{ has_key }} group by {{ key_list }} having count(*) > 1) hetl_open) as open_twice,
  (select count(*) from (
    select {{ key_list }} from hetl_versions group by {{ key_list }} having sum(is_open) = 0) hetl_closed) as not_open,
  (select count(*) from (
    select distinct earlier.{{ keys | join(', earlier.') }}
    from hetl_versions as earlier
    join hetl_versions as later on {{ is_same_key | join(' and ') }} and earlier.version <> later.version
    where earlier.valid_from < later.valid_from and earlier.is_open = 0 and earlier.valid_to > later.valid_from) hetl_overlapping) as overlapping
{%- endmacro %}
