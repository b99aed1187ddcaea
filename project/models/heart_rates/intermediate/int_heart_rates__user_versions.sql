with extracted as (
    select * from {{ ref('int_heart_rates__users_extracted') }}
),

versions as (
    {{ scd2_versions('extracted', 'user_id') }}
)

select
    {{ surrogate_key(['user_id', 'valid_from']) }} as user_key,
    user_id,
    first_name,
    last_name,
    email,
    sex,
    birth_date,
    country_code,
    valid_from,
    valid_to,
    valid_to = {{ end_of_time() }} as is_current
from versions
