with profiles as (
    select * from {{ ref('bronze_tracker__users') }}
),

latest as (
    {{ latest_version('profiles', 'user_id', 'folder_date desc') }}
)

select
    user_id,
    full_name,
    sex,
    birth_date,
    {{ age_in_years('birth_date') }} as age,
    steps_goal,
    sleep_hours_goal,
    folder_date as profile_of
from latest
