with recursive numbers(n) as (
    select 1 union all select n+1 from numbers where n<10
), unused as (select 1 as x),
filtered as ( select order_id,amount from {{ ref('raw_orders') }} where order_id in (select n from numbers) )

select f.order_id, f.amount, n.n from filtered f, numbers n where f.order_id=n.n
