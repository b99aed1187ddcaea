{{ config(severity='warn', store_failures=true) }}
select id from {{ ref('events') }} where id > 1
