select
    patient_id,
    first_name,
    last_name,
    sex,
    birth_date,
    time_zone,
    enrolled_on
from {{ ref('wearable_patients') }}
