{%- set wanted = ["order_id", "amount"] -%}
SELECT
    {%- for name in wanted %}
    {{ name }}  as  {{ name }}_x
    {%- if not loop.last -%},{%- endif -%}
    {%- endfor %}
FROM   {{ ref('raw_orders') }}
{%- if is_incremental() %}
where 1=0
{%- endif -%}
{# the end -#}
