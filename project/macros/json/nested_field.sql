{#- A field of a nested value, by its path. DuckDB reads JSON into structs, PostgreSQL keeps it as jsonb. -#}
{% macro nested_field(column, path) -%}
    {{ return(adapter.dispatch('nested_field', 'health_platform')(column, path)) }}
{%- endmacro %}

{% macro default__nested_field(column, path) -%}
    {{ column }}.{{ path | join('.') }}
{%- endmacro %}

{% macro postgres__nested_field(column, path) -%}
    ({{ column }} #>> '{ {{- path | join(',') -}} }')
{%- endmacro %}
