-- Two ways to the same history must agree on the present.
with remembered as (
    select user_id, email, country_code from {{ ref('snap_heart_rate_users') }}
    where dbt_valid_to = {{ end_of_time() }}
),

computed as (
    select user_id, email, country_code from {{ ref('dim_heart_rate_users') }}
    where is_current
)

select
    coalesce(remembered.user_id, computed.user_id) as user_id,
    remembered.email as remembered_email,
    computed.email as computed_email
from remembered
full outer join computed on remembered.user_id = computed.user_id
where remembered.user_id is null
    or computed.user_id is null
    or remembered.email <> computed.email
    or remembered.country_code <> computed.country_code
