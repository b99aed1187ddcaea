-- A claim that is sent again replaces the one before.
with claims as (
    select * from {{ ref('int_claims__claims_cleaned') }}
),

latest as (
    {{ latest_version('claims', 'claim_key', 'received_on desc') }}
)

select
    claim_key,
    client,
    claim_number,
    member_number,
    service_date,
    received_on,
    diagnosis_code,
    amount,
    provider_state,
    provider_zip
from latest
