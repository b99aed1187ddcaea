-- Nobody has two heart rates in one second.
select user_key, date_key, time_key, count(*) as measurements
from {{ ref('fct_heart_rates') }}
group by user_key, date_key, time_key
having count(*) > 1
