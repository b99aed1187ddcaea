{% macro framed() %}( {{ caller() }} ){% endmacro %}
select * from {% call framed() %}select order_id,status from {{ ref('raw_orders') }} where status!=''{% endcall %} as inner_query
