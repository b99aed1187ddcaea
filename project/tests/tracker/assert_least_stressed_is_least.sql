-- Nobody has a calmer week than the one who is said to have the calmest.
with weekly as (
    select
        cast({{ dbt.date_trunc('week', 'day') }} as date) as week_start,
        user_id,
        cast(avg(average_stress) as decimal(5, 2)) as average_stress
    from {{ ref('fct_tracker_overview') }}
    group by 1, 2
)

select weekly.*
from weekly
inner join {{ ref('metric_least_stressed_user_weekly') }} as least on weekly.week_start = least.week_start
where weekly.average_stress < least.average_stress
