{{ config(materialized='incremental', unique_key='id') }}
select id{% if is_incremental() %} + 10{% endif %} as id{{ breaks('grows') }} from {{ ref('second') }}
