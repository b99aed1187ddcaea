-- How often does one sleep six hours, how often eight?
select
    cast(floor(hours_slept) as integer) as full_hours_slept,
    count(*) as days,
    cast(100.0 * count(*) / sum(count(*)) over () as decimal(5, 2)) as percent_of_days
from {{ ref('fct_tracker_sleep') }}
group by 1
