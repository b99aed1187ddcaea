-- What was known at a moment: the variable `extracted_until` lets one play back the history, extract by extract.
{{ config(materialized='ephemeral') }}

select * from {{ ref('stg_heart_rates__users') }}
where extracted_at < cast('{{ var("extracted_until", var("as_of_date")) }}' as timestamp)
