-- The whole history: extracts are added one after the other, nothing is replaced.
{{ config(materialized='incremental', incremental_strategy='append') }}

select
    cast(activity_id as integer) as activity_id,
    cast(activity_name as varchar(64)) as activity_name,
    cast(intensity as varchar(16)) as intensity,
    cast(updated_at as timestamp) as updated_at,
    cast(extracted_at as timestamp) as extracted_at,
    cast(deleted as boolean) as deleted
from {{ source('heart_rates', 'activities') }}
{% if is_incremental() %}
where cast(extracted_at as timestamp) > (select max(extracted_at) from {{ this }})
{% endif %}
