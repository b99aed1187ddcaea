-- Does a good night make a calm day? One row a user and day that has both.
with sleep as (
    select * from {{ ref('fct_tracker_sleep') }}
),

overview as (
    select * from {{ ref('fct_tracker_overview') }}
),

users as (
    select * from {{ ref('dim_tracker_users') }}
)

select
    sleep.user_id,
    sleep.day,
    sleep.hours_slept,
    sleep.hours_slept >= users.sleep_hours_goal as reached_sleep_goal,
    sleep.score,
    overview.average_stress
from sleep
-- hetl: allow many-to-many-join (the keys of both are made of user and day)
inner join overview on sleep.user_id = overview.user_id and sleep.day = overview.day
inner join users on sleep.user_id = users.user_id
