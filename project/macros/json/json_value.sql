{#- A value inside a JSON document as text, by its path; null where there is none. -#}
{% macro json_value(document, path) -%}
    {{ return(adapter.dispatch('json_value', 'health_platform')(document, path)) }}
{%- endmacro %}

{% macro default__json_value(document, path) -%}
    ({{ document }} ->> '$.{{ path | join(".") }}')
{%- endmacro %}

{% macro postgres__json_value(document, path) -%}
    ({{ document }} #>> '{ {{- path | join(",") -}} }')
{%- endmacro %}
