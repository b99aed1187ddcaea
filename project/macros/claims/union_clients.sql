{#- The staged table of every client, one under the other, with the client's name in front. The clients are a variable:
    a new one needs its two staging models and its name there. -#}
{% macro union_clients(table_name, columns) -%}
    {%- for client in var('claim_clients') %}
    select
        '{{ client }}' as client,
        {{ columns | join(',\n        ') }}
    from {{ ref('stg_claims__' ~ client ~ '_' ~ table_name) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
