{% macro half(column, digits=2) -%}
round({{ column }} / 2.0, {{digits}})
{%- endmacro %}
{%- set threshold = 3 -%}
select order_id , {{half('amount')}} as halved, {{ half( column="order_id" , digits = 0 ) }} as other
from {{ ref('raw_orders') }} where order_id>{{ threshold }}
