with registrations as (
    select * from {{ ref('int_claims__registrations_unioned') }}
),

states as (
    select * from {{ ref('us_states') }}
)

select
    {{ surrogate_key(['registrations.client', 'registrations.member_number']) }} as member_key,
    registrations.client,
    registrations.member_number,
    registrations.first_name,
    registrations.last_name,
    registrations.birth_date_text,
    registrations.birth_date,
    registrations.gender,
    registrations.state_text,
    states.state_code as state,
    registrations.zip_text,
    {{ clean_zip('registrations.zip_text') }} as zip,
    registrations.eligible_from,
    registrations.eligible_to,
    registrations.received_on
from registrations
left join states
    on upper(trim(registrations.state_text)) in (states.state_code, upper(states.state_name))
