select order_id,
row_number() over (partition by customer_id order by ordered_on desc, order_id) as rank_in_customer,
SUM(amount) OVER (PARTITION BY customer_id ORDER BY ordered_on, order_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) as running,
lag(status, 1, 'none') over w as before_it
from {{ ref('raw_orders') }}
window w as (partition by customer_id order by order_id)
qualify row_number() over (partition by customer_id order by order_id) <= 3
