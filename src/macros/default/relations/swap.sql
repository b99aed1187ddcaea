{# Publishing: the finished relation takes the place of the old one, which is kept under a backup name until the commit. #}

{% macro hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {%- do hetl_audit_relation(intermediate_relation, target_relation) -%}
  {{- return(adapter.dispatch('hetl_swap_relation', 'dbt')(existing_relation, intermediate_relation, target_relation, backup_relation)) -}}
{% endmacro %}

{% macro default__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {# A hook may have dropped the old relation meanwhile, so look again. #}
  {% if existing_relation is not none and load_cached_relation(existing_relation) is not none %}
    {% do adapter.rename_relation(existing_relation, backup_relation) %}
  {% endif %}
  {% do adapter.rename_relation(intermediate_relation, target_relation) %}
{% endmacro %}

{# In `build`: runs the tests that decide whether a relation is published. One that failed is put aside, and the materialization ends. #}
{% macro hetl_audit_relation(built_relation, target_relation) %}
  {% set candidate_relation = hetl_candidate_relation(target_relation) %}
  {% if not adapter.hetl_audit(built_relation) %}
    {% do adapter.rename_relation(built_relation, candidate_relation) %}
    {% do adapter.commit() %}
    {% do adapter.hetl_withhold(candidate_relation) %}
  {% endif %}
{% endmacro %}

{# Where a build is kept that was not published, until the node is built again. #}
{% macro hetl_candidate_relation(target_relation) %}
  {% do return(make_backup_relation(target_relation, target_relation.type, '__hetl_candidate')) %}
{% endmacro %}

{% macro hetl_drop_candidate(target_relation) %}
  {% do drop_relation_if_exists(load_cached_relation(hetl_candidate_relation(target_relation))) %}
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
