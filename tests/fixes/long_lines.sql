select order_id, customer_id, amount, ordered_on, status, is_gift, coalesce(status, 'a very long text that goes on and on') as long_name, amount + order_id + customer_id as sum_of_all
from {{ ref('raw_orders') }} where order_id in (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26) and (status = 'open' or status = 'OPEN' or status = 'Closed')
