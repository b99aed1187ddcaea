SELECT order_id,
  amount
FROM {{ ref('raw_orders') }}
where amount>1
