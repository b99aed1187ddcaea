-- sqlfluff:max_line_length:60
select order_id, customer_id, amount, ordered_on, status, is_gift from {{ ref('raw_orders') }} -- noqa: LT05
where AMOUNT>0 -- noqa
