select distinct(status), (customer_id) from {{ ref('raw_orders') }} where not(is_gift) and (amount <> 5)
