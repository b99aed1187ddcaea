select
    "MemberID" as member_number,
    "FirstName" as first_name,
    "LastName" as last_name,
    "DOB" as birth_date_text,
    {{ parse_date('"DOB"', 'MM/DD/YYYY') }} as birth_date,
    {{ clean_gender('"Gender"') }} as gender,
    "State" as state_text,
    "Zip" as zip_text,
    {{ parse_date('"EffectiveDate"', 'MM/DD/YYYY') }} as eligible_from,
    {{ parse_date('"TermDate"', 'MM/DD/YYYY') }} as eligible_to,
    {{ parse_date('"ReceivedDate"', 'MM/DD/YYYY') }} as received_on
from {{ ref('aspen_registrations') }}
