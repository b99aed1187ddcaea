{#- In production a mart lives in the schema that bears its domain's name (`claims`);
    everywhere else the target's schema comes first (`dev_claims`), so that several
    people can share one database without meeting each other. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- elif target.name == 'prod' -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
