{{ log('from a model', info=true) }}{{ log('quietly') }}
select id, cast(day as timestamp) as day from {{ ref('events_raw') }}
