select order_id::varchar as id, cast(amount as decimal(10,2)) as amount, ordered_on::timestamp::varchar as at,
try_cast(status as integer) as number, '2024-01-01'::date as begun, interval 1 day + ordered_on as later, [order_id, 1][1]::bigint as first
from {{ ref('raw_orders') }}
