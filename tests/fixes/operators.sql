select order_id%2 as odd,-amount as negative, - - order_id as twice, amount*-1 as turned, order_id<>3 and not is_gift as both_hold,
status||'!' as shouted, status like 'o%' as begins, status ilike 'O%' as begins_too, amount/3 as divided, amount//3 as whole
from {{ ref('raw_orders') }}
