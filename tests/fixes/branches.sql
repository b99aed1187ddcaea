select order_id,
{% if var('with_status', true) %}
status
{% else %}
  NULL as status
{% endif %}
from {{ ref('raw_orders') }}
{% if target.name == 'dev' -%} where order_id < 50 {%- else -%} where order_id < 100 {%- endif %}
