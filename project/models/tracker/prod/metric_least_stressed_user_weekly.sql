with weekly as (
    select
        cast({{ dbt.date_trunc('week', 'day') }} as date) as week_start,
        user_id,
        count(*) as days,
        cast(avg(average_stress) as decimal(5, 2)) as average_stress
    from {{ ref('fct_tracker_overview') }}
    group by 1, 2
),

least as (
    {{ latest_version('weekly', 'week_start', 'average_stress, user_id') }}
)

select
    week_start,
    user_id,
    days,
    average_stress
from least
