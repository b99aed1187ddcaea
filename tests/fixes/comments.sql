-- first line
/* a block
   of several lines */
select -- after select
    order_id, -- an id
    {# a comment of the template #}
    amount --, status
    /* , ordered_on */
from {{ ref('raw_orders') }} -- the end
-- the very end
