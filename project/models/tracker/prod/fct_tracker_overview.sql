-- With the goals as they were on the day.
with overview as (
    select * from {{ ref('bronze_tracker__overview') }}
),

profiles as (
    select * from {{ ref('bronze_tracker__users') }}
)

select
    {{ surrogate_key(['overview.user_id', 'overview.day']) }} as overview_key,
    overview.user_id,
    overview.day,
    overview.is_final,
    overview.steps,
    profiles.steps_goal,
    overview.steps >= profiles.steps_goal as reached_steps_goal,
    overview.active_calories,
    overview.resting_calories,
    overview.active_calories + overview.resting_calories as calories,
    overview.minutes_moved,
    overview.minutes_sedentary,
    overview.average_stress,
    overview.greatest_stress
from overview
left join profiles
    on overview.user_id = profiles.user_id
    and overview.day = profiles.folder_date
