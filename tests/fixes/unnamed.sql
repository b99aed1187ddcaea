select count(1), SUM(amount), max( "amount" ), cast(order_id as varchar), order_id::varchar, ifnull(status, 'x')
from {{ ref('raw_orders') }} group by order_id, status
