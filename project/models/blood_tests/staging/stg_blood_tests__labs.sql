select
    lab_id,
    lab_name,
    city,
    country_code,
    accredited_on
from {{ ref('blood_test_labs') }}
