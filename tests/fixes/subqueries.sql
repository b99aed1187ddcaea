select order_id, (select count(1) from {{ ref('raw_customers') }} c where c.customer_id = o.customer_id) as customers,
  exists(select 1 from {{ ref('raw_customers') }} where region = o.customer_id) as has_region
from (select * from (select order_id, customer_id from {{ ref('raw_orders') }}) as inside where order_id between 5 and 90) as o
where o.customer_id not in (select customer_id from {{ ref('raw_customers') }} where region is null)
