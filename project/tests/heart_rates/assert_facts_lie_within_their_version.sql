-- The heart of the join: a measurement lies in the time in which its user's version was valid.
select facts.measurement_id, facts.measured_at, users.valid_from, users.valid_to
from {{ ref('fct_heart_rates') }} as facts
inner join {{ ref('dim_heart_rate_users') }} as users on facts.user_key = users.user_key
where facts.measured_at < users.valid_from or facts.measured_at >= users.valid_to
