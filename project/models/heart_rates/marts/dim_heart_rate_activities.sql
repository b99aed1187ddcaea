-- Many measurements belong to no activity. A row of its own for "none" keeps the facts' key from being null.
select
    activity_key,
    activity_id,
    activity_name,
    intensity,
    valid_from,
    valid_to,
    is_current
from {{ ref('int_heart_rates__activity_versions') }}

union all

select
    {{ no_activity_key() }},
    null,
    'None',
    'none',
    cast('1970-01-01' as timestamp),
    {{ end_of_time() }},
    true
