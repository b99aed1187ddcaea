{# SQL that puts a new relation in the place of an old one, in the safest way that both types allow. #}

{% macro get_replace_sql(existing_relation, target_relation, sql) %}
  {%- do log('Applying REPLACE to: ' ~ existing_relation) -%}
  {{- adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql) -}}
{% endmacro %}

{% macro default__get_replace_sql(existing_relation, target_relation, sql) %}
  {% set old = existing_relation %}
  {% set new = target_relation %}
  {% if old.can_be_replaced and old.type == new.type %}
    {% if old.is_view %}{% do return(get_replace_view_sql(new, sql)) %}{% endif %}
    {% if old.is_table %}{% do return(get_replace_table_sql(new, sql)) %}{% endif %}
    {% if old.is_materialized_view %}{% do return(get_replace_materialized_view_sql(new, sql)) %}{% endif %}
  {% endif %}
  {% set staged = new.can_be_renamed %}
  {% set kept = old.can_be_renamed %}
  {% set steps = [get_create_intermediate_sql(new, sql)] if staged else [] %}
  {% do steps.append(get_create_backup_sql(old) if kept else get_drop_sql(old)) %}
  {% do steps.append(get_rename_intermediate_sql(new) if staged else get_create_sql(new, sql)) %}
  {% if kept %}{% do steps.append(get_drop_backup_sql(old)) %}{% endif %}
  {% do return(steps | join(';\n')) %}
{% endmacro %}

{% macro get_replace_view_sql(relation, sql) %}
  {{- adapter.dispatch('get_replace_view_sql', 'dbt')(relation, sql) -}}
{% endmacro %}

{% macro default__get_replace_view_sql(relation, sql) %}
  {% do exceptions.raise_compiler_error('`get_replace_view_sql` has not been implemented for this adapter.') %}
{% endmacro %}

{% macro get_replace_table_sql(relation, sql) %}
  {{- adapter.dispatch('get_replace_table_sql', 'dbt')(relation, sql) -}}
{% endmacro %}

{% macro default__get_replace_table_sql(relation, sql) %}
  {% do exceptions.raise_compiler_error('`get_replace_table_sql` has not been implemented for this adapter.') %}
{% endmacro %}

{% macro get_replace_materialized_view_sql(relation, sql) %}
  {{- adapter.dispatch('get_replace_materialized_view_sql', 'dbt')(relation, sql) -}}
{% endmacro %}

{% macro default__get_replace_materialized_view_sql(relation, sql) %}
  {% do exceptions.raise_compiler_error('`get_replace_materialized_view_sql` has not been implemented for this adapter.') %}
{% endmacro %}
