{# on_schema_change: what to do when the new rows have other columns than the table. #}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
  {% if on_schema_change in ['ignore', 'append_new_columns', 'sync_all_columns', 'fail'] %}{% do return(on_schema_change) %}{% endif %}
  {% do log('Invalid value for on_schema_change (' ~ on_schema_change ~ ') specified. Setting default value of ' ~ default ~ '.') %}
  {% do return(default) %}
{% endmacro %}

{# Answers with the columns to write, or with nothing where changes are ignored. #}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {{- return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) -}}
{% endmacro %}

{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {% if on_schema_change == 'ignore' %}{% do return({}) %}{% endif %}
  {% set changes = check_for_schema_changes(source_relation, target_relation) %}
  {% if changes['schema_changed'] %}
    {% if on_schema_change == 'fail' %}{% do hetl_raise_schema_change_error(changes) %}{% endif %}
    {% do sync_column_schemas(on_schema_change, target_relation, changes) %}
  {% endif %}
  {% do return(changes['source_columns']) %}
{% endmacro %}

{% macro hetl_raise_schema_change_error(changes) %}
  {% set message %}
The source and target schemas on this incremental model are out of sync!
They can be brought together in one of these ways:
  - set `on_schema_change` to append_new_columns or sync_all_columns;
  - run the model once with `full_refresh: True` to make the table anew;
  - change the table by hand and run again.

Source columns not in target: {{ changes['source_not_in_target'] }}
Target columns not in source: {{ changes['target_not_in_source'] }}
New column types: {{ changes['new_target_types'] }}
  {% endset %}
  {% do exceptions.raise_compiler_error(message) %}
{% endmacro %}

{% macro check_for_schema_changes(source_relation, target_relation) %}
  {{- return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) -}}
{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
  {% set source_columns = adapter.get_columns_in_relation(source_relation) %}
  {% set target_columns = adapter.get_columns_in_relation(target_relation) %}
  {% set added = diff_columns(source_columns, target_columns) %}
  {% set removed = diff_columns(target_columns, source_columns) %}
  {% set retyped = diff_column_data_types(source_columns, target_columns) %}
  {% set changed = added != [] or removed != [] or retyped != [] %}
  {% do log('In ' ~ target_relation ~ ': schema changed: ' ~ changed ~ '; added: ' ~ added ~ '; removed: ' ~ removed ~ '; other types: ' ~ retyped) %}
  {% do return({
    'schema_changed': changed,
    'source_not_in_target': added,
    'target_not_in_source': removed,
    'source_columns': source_columns,
    'target_columns': target_columns,
    'new_target_types': retyped,
  }) %}
{% endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {{- return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) -}}
{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {% set sync_all = on_schema_change == 'sync_all_columns' %}
  {% set added = schema_changes_dict['source_not_in_target'] if sync_all or on_schema_change == 'append_new_columns' else [] %}
  {% set removed = schema_changes_dict['target_not_in_source'] if sync_all else [] %}
  {% set retyped = schema_changes_dict['new_target_types'] if sync_all else [] %}
  {% if removed %}{% do hetl_compare_dropped_columns(target_relation, removed) %}{% endif %}
  {% if added or removed %}
    {% do alter_relation_add_remove_columns(target_relation, added, removed or none) %}
  {% endif %}
  {% for change in retyped %}
    {% do alter_column_type(target_relation, change['column_name'], change['new_type']) %}
  {% endfor %}
  {% do log('In ' ~ target_relation ~ ': ' ~ on_schema_change ~ ' added ' ~ added ~ ', removed ' ~ removed ~ ', changed the types of ' ~ retyped) %}
{% endmacro %}

{# The columns of the first list whose names the second one has not. #}
{% macro diff_columns(source_columns, target_columns) %}
  {% set known = target_columns | map(attribute='column') | list %}
  {% set result = [] %}
  {% for column in source_columns if column.name not in known %}{% do result.append(column) %}{% endfor %}
  {% do return(result) %}
{% endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) %}
  {{- return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) -}}
{% endmacro %}

{% macro default__diff_column_data_types(source_columns, target_columns) %}
  {% set old = {} %}
  {% for column in target_columns %}{% do old.update({column.name: column}) %}{% endfor %}
  {% set result = [] %}
  {% for column in source_columns if column.name in old %}
    {% set before = old[column.name] %}
    {% if column.expanded_data_type != before.expanded_data_type and not column.can_expand_to(other_column=before) %}
      {% do result.append({'column_name': before.name, 'new_type': column.expanded_data_type}) %}
    {% endif %}
  {% endfor %}
  {% do return(result) %}
{% endmacro %}
