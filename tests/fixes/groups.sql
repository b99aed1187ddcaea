select status, is_gift, count(*) as orders, count(distinct customer_id) customers, sum(amount) filter (where amount>0) as total,
string_agg(status, ',' order by order_id) as all_of_them, grouping(status) as grouped
from {{ ref('raw_orders') }}
group by rollup(status, is_gift)
having count(*)>1
order by 1, 2 DESC nulls last
limit 100
