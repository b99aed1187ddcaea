{{ config(post_hook=["select 4", {"sql": "select 5", "transaction": false}], sql_header="select 6;") }}
select visited_at, count(*) as visits, {{ dollars('sum(fee)') }} as fees from {{ ref('visits') }} group by 1
