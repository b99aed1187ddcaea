{{ config(materialized='table') }}
-- generated rows: repeated keys, nulls, negative amounts, texts in both cases
select
    i as order_id,
    (i * 7919) % 37 as customer_id,
    case when i % 11 = 0 then null else (i * 104729) % 1000 - 200 end as amount,
    date '2024-01-01' + cast((i * 31) % 400 as integer) as ordered_on,
    case i % 5 when 0 then 'OPEN' when 1 then 'open' when 2 then null when 3 then '' else 'Closed' end as status,
    i % 3 = 0 as is_gift
from range(200) as r (i)
