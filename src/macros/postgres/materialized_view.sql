{# Materialized views: their rows are stored, and their indexes are what can change without a new one. #}

{% macro postgres__get_create_materialized_view_as_sql(relation, sql) %}
create materialized view if not exists {{ relation }} as {{ sql }};
{% for index in config.get('indexes', default=[]) %}
{{ get_create_index_sql(relation, index) }}{{ ';' if not loop.last }}
{% endfor %}
{% endmacro %}

{% macro postgres__refresh_materialized_view(relation) %}
  {{- 'refresh materialized view ' ~ relation -}}
{% endmacro %}

{# What is there, as far as a change of it would be noticed. #}
{% macro postgres__describe_materialized_view(relation) %}
  {% do return({'indexes': run_query(get_show_indexes_sql(relation))}) %}
{% endmacro %}

{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {% set present = postgres__describe_materialized_view(existing_relation) %}
  {% do return(existing_relation.get_materialized_view_config_change_collection(present, new_config.model)) %}
{% endmacro %}

{% macro postgres__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
  {%- if configuration_changes.requires_full_refresh -%}
    {{ get_replace_sql(existing_relation, relation, sql) }}
  {%- else -%}
    {{ postgres__update_indexes_on_materialized_view(relation, configuration_changes.indexes) }}
  {%- endif -%}
{% endmacro %}

{# Drops come first, so that an index may take the place of another. #}
{% macro postgres__update_indexes_on_materialized_view(relation, index_changes) %}
  {%- do log('Applying UPDATE INDEXES to: ' ~ relation) -%}
  {%- set statements = [] -%}
  {%- for change in index_changes -%}
    {%- if change.action == 'drop' -%}
      {%- do statements.append(get_drop_index_sql(relation, change.context.name)) -%}
    {%- else -%}
      {%- do statements.append(get_create_index_sql(relation, change.context.as_node_config)) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ statements | join(';\n') }}
{%- endmacro %}
