{# Schemas in PostgreSQL. A session sees one database, so its name is checked and then left out. #}

{% macro postgres__create_schema(relation) %}
  {% if relation.database %}{% do adapter.verify_database(relation.database) %}{% endif %}
  {% call statement('create_schema') %}
    create schema if not exists {{ relation.without_identifier().include(database=False) }}
  {% endcall %}
{% endmacro %}

{% macro postgres__drop_schema(relation) %}
  {% if relation.database %}{% do adapter.verify_database(relation.database) %}{% endif %}
  {% call statement('drop_schema') %}
    drop schema if exists {{ relation.without_identifier().include(database=False) }} cascade
  {% endcall %}
{% endmacro %}

{% macro postgres__list_schemas(database) %}
  {% if database %}{% do adapter.verify_database(database) %}{% endif %}
  {% do return(run_query('select nspname from pg_catalog.pg_namespace order by nspname')) %}
{% endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) %}
  {% if information_schema.database %}{% do adapter.verify_database(information_schema.database) %}{% endif %}
  {% do return(run_query('select count(*) from pg_catalog.pg_namespace where nspname = ' ~ hetl_postgres_text(schema))) %}
{% endmacro %}

{# The schema is always that of the session's database. #}
{% macro postgres__information_schema_name(database) %}
  {%- if database %}{% do adapter.verify_database(database) %}{% endif -%}
  information_schema
{%- endmacro %}

{# A text as a literal. #}
{% macro hetl_postgres_text(text) %}
  {%- do return("'" ~ (text | string | replace("'", "''")) ~ "'") -%}
{% endmacro %}
