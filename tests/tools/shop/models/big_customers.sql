{{ config(tags=['marts']) }}
select * from {{ ref('customer_orders') }} where amount > 10
