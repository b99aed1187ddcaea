-- Each user as last heard of, without those that were deleted. The snapshot looks at this.
with extracted as (
    select * from {{ ref('int_heart_rates__users_extracted') }}
),

latest as (
    {{ latest_version('extracted', 'user_id', 'extracted_at desc, updated_at desc') }}
)

select
    user_id,
    first_name,
    last_name,
    email,
    sex,
    birth_date,
    country_code,
    updated_at
from latest
where not deleted
