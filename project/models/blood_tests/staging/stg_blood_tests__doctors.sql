select
    doctor_id,
    first_name,
    last_name,
    specialty,
    practising_since
from {{ ref('blood_test_doctors') }}
