{{ config(enabled=var('breaks')) }}
select id from {{ ref('events') }} where id > 2
