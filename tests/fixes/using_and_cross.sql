select order_id, customer_id, region, n
from {{ ref('raw_orders') }} join {{ ref('raw_customers') }} using (customer_id)
cross join (values (1), (2)) as numbers(n)
where region is not null
