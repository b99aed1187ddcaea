select "order_id" as "Order Id", "amount" as "AMOUNT", o."customer_id", c."select", c."Full Name"
from {{ ref('raw_orders') }} as "o" join {{ ref('raw_customers') }} "c" on "o"."customer_id" = "c"."customer_id"
