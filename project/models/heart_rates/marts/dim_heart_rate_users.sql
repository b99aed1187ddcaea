-- One row per version of a user. `user_key` names the version, `user_id` the person.
with versions as (
    select * from {{ ref('int_heart_rates__user_versions') }}
),

countries as (
    select * from {{ ref('country_codes') }}
)

select
    versions.user_key,
    versions.user_id,
    versions.first_name,
    versions.last_name,
    versions.email,
    versions.sex,
    versions.birth_date,
    {{ age_in_years('versions.birth_date') }} as age,
    versions.country_code,
    countries.country_name,
    countries.continent,
    versions.valid_from,
    versions.valid_to,
    versions.is_current
from versions
left join countries on versions.country_code = countries.country_code
