{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', begin='2026-01-01', batch_size='day') }}
select id, day, {% if var('breaks') %}1 / 0 :: integer + missing_column{% else %}1{% endif %} as one from {{ ref('events') }}
