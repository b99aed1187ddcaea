-- By the country in which the user lived when the heart beat.
with measurements as (
    select * from {{ ref('fct_heart_rates') }}
),

users as (
    select * from {{ ref('dim_heart_rate_users') }}
)

select
    users.country_code,
    users.country_name,
    count(distinct users.user_id) as users,
    count(*) as measurements,
    cast(avg(measurements.heart_rate) as decimal(5, 1)) as average_heart_rate
from measurements
inner join users on measurements.user_key = users.user_key
group by users.country_code, users.country_name
