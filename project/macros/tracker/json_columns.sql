{#- A list of typed columns out of a document: {name: [path, type]}. -#}
{% macro json_columns(columns, document='document') -%}
    {%- for name, (path, type) in columns.items() %}
    cast({{ json_value(document, path.split('.')) }} as {{ type }}) as {{ name }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}
