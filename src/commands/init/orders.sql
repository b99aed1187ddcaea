select
    id as order_id,
    customer,
    cast(ordered_at as date) as ordered_on,
    cast(amount as decimal(10, 2)) as amount
from {{ ref('raw_orders') }}
