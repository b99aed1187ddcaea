-- Each measurement points at the user and the activity as they were when it was taken, not as they are now.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measurement_id',
    pre_hook="{{ forget_row_count(this) }}",
    post_hook="{{ record_row_count(this) }}"
) }}

with measurements as (
    select * from {{ ref('stg_heart_rates__measurements') }}
    {% if is_incremental() %}
    where measured_at >= (
        select {{ dbt.dateadd('hour', -1 * var('late_measurement_hours'), 'max(measured_at)') }} from {{ this }}
    )
    {% endif %}
),

users as (
    select * from {{ ref('dim_heart_rate_users') }}
),

activities as (
    select * from {{ ref('dim_heart_rate_activities') }}
)

select
    measurements.measurement_id,
    {{ date_key('measurements.measured_at') }} as date_key,
    {{ time_key('measurements.measured_at') }} as time_key,
    users.user_key,
    coalesce(activities.activity_key, {{ no_activity_key() }}) as activity_key,
    measurements.measured_at,
    measurements.heart_rate,
    measurements.latitude,
    measurements.longitude
from measurements
inner join users
    on measurements.user_id = users.user_id
    and measurements.measured_at >= users.valid_from
    and measurements.measured_at < users.valid_to
left join activities
    on measurements.activity_id = activities.activity_id
    and measurements.measured_at >= activities.valid_from
    and measurements.measured_at < activities.valid_to
