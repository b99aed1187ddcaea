-- Zones are shares of the greatest heart rate that is expected at an age: 220 beats less one a year.
with measurements as (
    select * from {{ ref('fct_heart_rates') }}
),

users as (
    select * from {{ ref('dim_heart_rate_users') }}
),

relative as (
    select
        measurements.*,
        users.user_id,
        users.country_code,
        100.0 * measurements.heart_rate / (220 - users.age) as percent_of_greatest
    from measurements
    inner join users on measurements.user_key = users.user_key
)

select
    *,
    case
        {% for zone, percent in var('heart_rate_zones').items() -%}
        when percent_of_greatest >= {{ percent }} then '{{ zone }}'
        {% endfor -%}
        else 'rest'
    end as zone
from relative
