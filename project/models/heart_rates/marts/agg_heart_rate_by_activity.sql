with measurements as (
    select * from {{ ref('fct_heart_rates') }}
),

activities as (
    select * from {{ ref('dim_heart_rate_activities') }}
),

times as (
    select * from {{ ref('dim_times') }}
)

select
    activities.activity_name,
    activities.intensity,
    times.part_of_day,
    count(*) as measurements,
    cast(avg(measurements.heart_rate) as decimal(5, 1)) as average_heart_rate,
    min(measurements.heart_rate) as least_heart_rate,
    max(measurements.heart_rate) as greatest_heart_rate
from measurements
inner join activities on measurements.activity_key = activities.activity_key
inner join times on measurements.time_key = times.time_key
group by activities.activity_name, activities.intensity, times.part_of_day
