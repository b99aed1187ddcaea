{{ config(materialized='table') }}
select
    i as customer_id,
    'Customer ' || cast(i as varchar) as "Full Name",
    case when i % 4 = 0 then null else i % 6 end as region,
    i as "select"
from range(30) as r (i)
