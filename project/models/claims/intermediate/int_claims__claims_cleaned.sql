-- What was sent stays beside what it means; only `claims_data_quality` looks at the former.
with claims as (
    select * from {{ ref('int_claims__claims_unioned') }}
),

states as (
    select * from {{ ref('us_states') }}
)

select
    {{ surrogate_key(['claims.client', 'claims.claim_number']) }} as claim_key,
    claims.client,
    claims.claim_number,
    claims.member_number,
    claims.service_date_text,
    claims.service_date,
    claims.received_on,
    claims.diagnosis_code,
    claims.amount,
    claims.provider_state_text as state_text,
    states.state_code as provider_state,
    claims.provider_zip_text as zip_text,
    {{ clean_zip('claims.provider_zip_text') }} as provider_zip
from claims
left join states
    on upper(trim(claims.provider_state_text)) in (states.state_code, upper(states.state_name))
