{# How a snapshot tells that a row has changed. A strategy answers with the SQL pieces the history is made from. #}

{# Finds `snapshot_<name>_strategy`, in a package where the name says `package.name`. #}
{% macro strategy_dispatch(name) %}
  {% set parts = name.split('.', 1) %}
  {% set namespace_ = context %}
  {% if parts | length == 2 %}
    {% if parts[0] not in context %}
      {% do exceptions.raise_compiler_error("Could not find package '" ~ parts[0] ~ "', called with '" ~ name ~ "'") %}
    {% endif %}
    {% set namespace_ = context[parts[0]] %}
  {% endif %}
  {% set macro_name = 'snapshot_' ~ parts[-1] ~ '_strategy' %}
  {% if macro_name not in namespace_ %}
    {% do exceptions.raise_compiler_error("The specified strategy macro '" ~ parts[-1] ~ "' was not found in package '" ~ (parts[0] if parts | length == 2 else none) ~ "'") %}
  {% endif %}
  {% do return(namespace_[macro_name]) %}
{% endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {# Compared with the snapshot's own column: the source's may be missing from rows that another strategy wrote. #}
  {% set updated_at = config.get('updated_at') %}
  {% set changed = '(' ~ snapshotted_rel ~ '.' ~ hetl_snapshot_columns().dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')' %}
  {% do return(hetl_describe_snapshot_strategy(updated_at, changed)) %}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set column_added, columns = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) %}
  {% if column_added %}
    {% set changed = '(' ~ get_true_sql() ~ ')' %}
  {% else %}
    {% set differences = [] %}
    {% for column in columns or [] %}
      {% set old = snapshotted_rel ~ '.' ~ column %}
      {% set new = current_rel ~ '.' ~ column %}
      {% do differences.append(old ~ ' != ' ~ new ~ ' or (' ~ old ~ ' is null) != (' ~ new ~ ' is null)') %}
    {% endfor %}
    {% set changed = '(' ~ differences | join('\n      or ') ~ ')' %}
  {% endif %}
  {% do return(hetl_describe_snapshot_strategy(config.get('updated_at') or snapshot_get_time(), changed)) %}
{% endmacro %}

{% macro hetl_describe_snapshot_strategy(updated_at, row_changed) %}
  {% set unique_key = config.get('unique_key') %}
  {% set hard_deletes = adapter.get_hard_deletes_behavior(config) %}
  {% do return({
    'unique_key': unique_key,
    'updated_at': updated_at,
    'row_changed': row_changed,
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(unique_key, updated_at)),
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
    'hard_deletes': hard_deletes,
  }) %}
{% endmacro %}

{# Answers (is a checked column missing from the target?, the checked columns that both have, quoted). #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
  {% if not target_exists %}{% do return((false, [])) %}{% endif %}
  {% if check_cols_config == 'all' %}
    {% set checked = get_columns_in_query(node['compiled_code']) %}
  {% elif check_cols_config and check_cols_config is iterable %}
    {# Asking the warehouse gives the names in the spelling that it knows them by. #}
    {% set checked = get_columns_in_query('select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq') %}
  {% else %}
    {% do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) %}
  {% endif %}
  {% set target = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) %}
  {% set present = adapter.get_columns_in_relation(target) | map(attribute='name') | list %}
  {% set common = [] %}
  {% for name in checked if name in present %}{% do common.append(adapter.quote(name)) %}{% endfor %}
  {% do return((common | length < checked | length, common)) %}
{% endmacro %}

{% macro snapshot_hash_arguments(args) %}
  {{- adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) -}}
{% endmacro %}

{% macro default__snapshot_hash_arguments(args) %}
  {%- set texts = [] -%}
  {%- for arg in args %}{% do texts.append("coalesce(cast(" ~ arg ~ " as varchar), '')") %}{% endfor -%}
  md5({{ texts | join(" || '|' || ") }})
{%- endmacro %}

{% macro snapshot_string_as_time(timestamp) %}
  {{- adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp) -}}
{% endmacro %}

{% macro default__snapshot_string_as_time(timestamp) %}
  {% do exceptions.raise_not_implemented('snapshot_string_as_time macro not implemented for adapter ' ~ adapter.type()) %}
{% endmacro %}

{% macro get_true_sql() %}
  {{- adapter.dispatch('get_true_sql', 'dbt')() -}}
{% endmacro %}

{% macro default__get_true_sql() %}
  {{- 'TRUE' -}}
{% endmacro %}
