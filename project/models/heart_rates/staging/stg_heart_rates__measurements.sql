-- A device that was offline delivers late. So the last hours are read again, and what is
-- there already is deleted before it is inserted: no row is lost, none is doubled.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measurement_id'
) }}

with typed as (
    select
        cast(user_id as integer) as user_id,
        cast(heart_rate as integer) as heart_rate,
        {{ dbt.dateadd('second', 'cast("timestamp" as integer)', "cast('1970-01-01' as timestamp)") }} as measured_at,
        cast({{ nested_field('meta', ['activity_id']) }} as integer) as activity_id,
        cast({{ nested_field('meta', ['location', 'latitude']) }} as decimal(8, 4)) as latitude,
        cast({{ nested_field('meta', ['location', 'longitude']) }} as decimal(8, 4)) as longitude
    from {{ source('heart_rates', 'measurements') }}
)

select
    {{ surrogate_key(['user_id', 'measured_at']) }} as measurement_id,
    user_id,
    heart_rate,
    measured_at,
    activity_id,
    latitude,
    longitude
from typed
{% if is_incremental() %}
where measured_at >= (
    select {{ dbt.dateadd('hour', -1 * var('late_measurement_hours'), 'max(measured_at)') }} from {{ this }}
)
{% endif %}
