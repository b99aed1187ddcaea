-- Every day but the last has been delivered a second time, with its final numbers.
select user_id, day
from {{ ref('fct_tracker_overview') }}
where not is_final
    and day < (select max(day) from {{ ref('fct_tracker_overview') }})
