{# Schemas of DuckDB, and of the databases of other kinds that are attached to it. #}

{% macro duckdb__create_schema(relation) %}
  {% set kinds = run_query(
    "select type from duckdb_databases() where type != 'duckdb' and lower(database_name) = '" ~ relation.database | lower ~ "'") %}
  {% set kind = kinds.rows[0][0] if kinds | length else 'duckdb' %}
  {% if kind == 'sqlite' and relation.schema != 'main' %}
    {% do exceptions.raise_compiler_error("Schema must be 'main' when writing to sqlite instead got " ~ relation.schema) %}
  {% endif %}
  {% call statement('create_schema') %}
    {%- if kind not in ['sqlite', 'mysql'] %}create schema if not exists {{ relation.without_identifier() }}{% else %}select 1{% endif -%}
  {% endcall %}
{% endmacro %}

{% macro duckdb__drop_schema(relation) %}
  {% call statement('drop_schema') %}drop schema if exists {{ relation.without_identifier() }} cascade{% endcall %}
{% endmacro %}

{% macro duckdb__list_schemas(database) %}
  {% set only = " where lower(catalog_name) = '" ~ database | lower ~ "'" if database is not none else '' %}
  {% do return(run_query('select schema_name from system.information_schema.schemata' ~ only)) %}
{% endmacro %}

{% macro duckdb__check_schema_exists(information_schema, schema) %}
  {% do return(run_query(
    "select count(*) from system.information_schema.schemata where lower(schema_name) = '" ~ schema | lower
    ~ "' and lower(catalog_name) = '" ~ information_schema.database | lower ~ "'")) %}
{% endmacro %}
