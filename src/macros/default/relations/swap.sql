{# Publishing: the finished relation takes the place of the old one, which is kept under a backup name until the commit. #}

{% macro hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {{- return(adapter.dispatch('hetl_swap_relation', 'dbt')(existing_relation, intermediate_relation, target_relation, backup_relation)) -}}
{% endmacro %}

{% macro default__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {# A hook may have dropped the old relation meanwhile, so look again. #}
  {% if existing_relation is not none and load_cached_relation(existing_relation) is not none %}
    {% do adapter.rename_relation(existing_relation, backup_relation) %}
  {% endif %}
  {% do adapter.rename_relation(intermediate_relation, target_relation) %}
{% endmacro %}

{# Must the table be made under its final name, because it could not be renamed afterwards? #}
{% macro hetl_must_build_in_place(existing_relation) %}
  {{- return(adapter.dispatch('hetl_must_build_in_place', 'dbt')(existing_relation)) -}}
{% endmacro %}

{% macro default__hetl_must_build_in_place(existing_relation) %}
  {% do return(false) %}
{% endmacro %}

{# The whole build under the final name: the old relation goes, the new one comes, all in one transaction. #}
{% macro hetl_build_in_place(existing_relation, target_relation, sql) %}
  {{- return(adapter.dispatch('hetl_build_in_place', 'dbt')(existing_relation, target_relation, sql)) -}}
{% endmacro %}

{% macro default__hetl_build_in_place(existing_relation, target_relation, sql) %}
  {% do drop_relation_if_exists(existing_relation) %}
  {% call statement('main') %}{{ get_create_table_as_sql(False, target_relation, sql) }}{% endcall %}
{% endmacro %}
