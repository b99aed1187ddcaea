{{ config(tags=['daily', '<img src=x onerror=window.attacked=1>'], meta={'owner': '<script>window.attacked = 1</script>'}) }}
select customers.customer_id, customers.name, sum(orders.amount) as total
from {{ ref('stg_customers') }} as customers
left join {{ ref('stg_orders') }} as orders using (customer_id)
group by all
