{{ config(materialized='table', tags=['marts']) }}
select customers.id, customers.name, count(*) as orders, sum(orders.amount) as amount
from {{ ref('stg_customers') }} as customers
inner join {{ ref('orders') }} as orders on customers.id = orders.customer_id
group by all
