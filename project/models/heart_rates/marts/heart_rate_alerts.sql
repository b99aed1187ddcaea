-- A heart that beats fast while its owner does nothing: somebody should look.
with measurements as (
    select * from {{ ref('int_heart_rates__measurements_zoned') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
)

select
    measurements.measurement_id,
    measurements.user_id,
    dates.date_day,
    dates.weekday_name,
    measurements.measured_at,
    measurements.heart_rate,
    measurements.zone
from measurements
inner join dates on measurements.date_key = dates.date_key
where measurements.activity_key = {{ no_activity_key() }}
    and measurements.heart_rate >= {{ var('resting_alert_heart_rate') }}
