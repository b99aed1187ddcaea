with extracted as (
    select * from {{ ref('int_heart_rates__activities_extracted') }}
),

versions as (
    {{ scd2_versions('extracted', 'activity_id') }}
)

select
    {{ surrogate_key(['activity_id', 'valid_from']) }} as activity_key,
    activity_id,
    activity_name,
    intensity,
    valid_from,
    valid_to,
    valid_to = {{ end_of_time() }} as is_current
from versions
