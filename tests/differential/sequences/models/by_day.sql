{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', begin='2026-01-01', batch_size='day', unique_key='id' if target.type == 'postgres' else none) }}
select id, day, case when day = timestamp '2026-01-02' and '{{ breaks('by_day') }}' <> '' then cast('x' as integer) else 1 end as one
from {{ ref('first') }}
