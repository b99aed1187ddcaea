with orders as (select * from {{ ref('raw_orders') }}), customers as (
select * from {{ref('raw_customers')}} )
select o.order_id,c."Full Name" as full_name, c.region, other.customer_id AS next_customer
from orders o join customers c on c.customer_id=o.customer_id
LEFT outer JOIN customers AS other ON (other.customer_id = c.customer_id+1)
inner join orders as again on again.order_id = o.order_id and again.amount is not null
