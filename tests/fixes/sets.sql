select customer_id from {{ ref('raw_orders') }} where amount > 500
union
select customer_id from {{ ref('raw_customers') }} where region = 1
UNION ALL
(select customer_id from {{ ref('raw_orders') }} where is_gift
except select customer_id from {{ ref('raw_customers') }} where region is null)
