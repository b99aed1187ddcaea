-- Each activity as last heard of, without those that were deleted. The snapshot looks at this.
with extracted as (
    select * from {{ ref('int_heart_rates__activities_extracted') }}
),

latest as (
    {{ latest_version('extracted', 'activity_id', 'extracted_at desc, updated_at desc') }}
)

select
    activity_id,
    activity_name,
    intensity,
    updated_at
from latest
where not deleted
