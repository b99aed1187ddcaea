select
    "ClaimID" as claim_number,
    "MemberID" as member_number,
    "ServiceDate" as service_date_text,
    {{ parse_date('"ServiceDate"', 'MM/DD/YYYY') }} as service_date,
    {{ parse_date('"ReceivedDate"', 'MM/DD/YYYY') }} as received_on,
    {{ clean_diagnosis('"DxCode"') }} as diagnosis_code,
    cast(replace("PaidAmount", '$', '') as decimal(12, 2)) as amount,
    "ProviderState" as provider_state_text,
    "ProviderZip" as provider_zip_text
from {{ ref('aspen_claims') }}
