{# Swapping tables in DuckDB, which does not rename a table that has indexes or that a foreign key points at. #}

{% macro duckdb__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {% set dropped = [] %}
  {% if existing_relation is not none and load_cached_relation(existing_relation) is not none %}
    {% if existing_relation.is_table %}
      {% do drop_indexes_on_relation(existing_relation) %}
      {% if may_be_foreign_key_target(existing_relation) %}{% set dropped = drop_foreign_key_dependents(existing_relation) %}{% endif %}
    {% endif %}
    {% do adapter.rename_relation(existing_relation, backup_relation) %}
  {% endif %}
  {% do adapter.rename_relation(intermediate_relation, target_relation) %}
  {% do restore_foreign_key_dependents(dropped) %}
{% endmacro %}

{% macro duckdb__hetl_must_build_in_place(existing_relation) %}
  {% do return(has_foreign_key_constraints(existing_relation)) %}
{% endmacro %}

{% macro duckdb__hetl_build_in_place(existing_relation, target_relation, sql) %}
  {% set dropped = drop_relation_for_rebuild(existing_relation) if existing_relation is not none else [] %}
  {% call statement('main') %}{{ get_create_table_as_sql(False, target_relation, sql) }}{% endcall %}
  {% do restore_foreign_key_dependents(dropped) %}
{% endmacro %}

{# Drops a relation inside the transaction that makes it anew, with the tables whose foreign keys point at it. #}
{% macro drop_relation_for_rebuild(relation) %}
  {% call statement(auto_begin=True) %}select 1{% endcall %}
  {% set dropped = drop_foreign_key_dependents(relation) if may_be_foreign_key_target(relation) else [] %}
  {% do adapter.drop_relation(relation) %}
  {% do return(dropped) %}
{% endmacro %}
