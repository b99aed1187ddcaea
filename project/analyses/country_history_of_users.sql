-- Users who moved, with all the countries they lived in and since when.
select
    user_id,
    country_name,
    valid_from,
    valid_to
from {{ ref('dim_heart_rate_users') }}
where user_id in (
    select user_id from {{ ref('dim_heart_rate_users') }}
    group by user_id
    having count(distinct country_code) > 1
)
order by user_id, valid_from
