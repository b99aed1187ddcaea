select
    "Claim No" as claim_number,
    "Member No" as member_number,
    "Date of Service" as service_date_text,
    {{ parse_date('"Date of Service"', 'YYYYMMDD') }} as service_date,
    {{ parse_date('"Received"', 'YYYYMMDD') }} as received_on,
    {{ clean_diagnosis('"Diagnosis"') }} as diagnosis_code,
    cast("Amount in Cents" / 100.0 as decimal(12, 2)) as amount,
    "Provider Region" as provider_state_text,
    "Provider Postal Code" as provider_zip_text
from {{ ref('birch_claims') }}
