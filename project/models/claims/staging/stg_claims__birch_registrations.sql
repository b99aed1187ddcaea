select
    "Member No" as member_number,
    {{ dbt.split_part('"Name"', "', '", 2) }} as first_name,
    {{ dbt.split_part('"Name"', "', '", 1) }} as last_name,
    "Birth Date" as birth_date_text,
    {{ parse_date('"Birth Date"', 'YYYYMMDD') }} as birth_date,
    {{ clean_gender('"Sex"') }} as gender,
    "Region" as state_text,
    "Postal Code" as zip_text,
    {{ parse_date('"Eligible From"', 'YYYYMMDD') }} as eligible_from,
    {{ parse_date('"Eligible To"', 'YYYYMMDD') }} as eligible_to,
    {{ parse_date('"Received"', 'YYYYMMDD') }} as received_on
from {{ ref('birch_registrations') }}
