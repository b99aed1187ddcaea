select * exclude (status), * replace (order_id+1 as order_id) from (select * from {{ ref('raw_orders') }} )
where columns(c -> c = 'order_id') is not null
