with overview as (
    select * from {{ ref('fct_tracker_overview') }}
    where is_final
),

users as (
    select * from {{ ref('dim_tracker_users') }}
)

select
    users.user_id,
    count(*) as days,
    cast(avg(overview.minutes_moved) as decimal(6, 1)) as average_minutes_moved,
    count(case when overview.reached_steps_goal then 1 end) as days_with_steps_goal
from users
inner join overview on users.user_id = overview.user_id
group by users.user_id
