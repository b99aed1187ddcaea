select
    test_id,
    patient_id,
    lab_id,
    test_date,
    ap_hi,
    ap_lo,
    cholesterol,
    gluc,
    rejected_because
from {{ ref('int_blood_tests__checked') }}
where rejected_because is not null
