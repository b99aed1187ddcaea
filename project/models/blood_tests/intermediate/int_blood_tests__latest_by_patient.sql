with accepted as (
    select * from {{ ref('int_blood_tests__checked') }}
    where rejected_because is null
),

latest as (
    {{ latest_version('accepted', 'patient_id', 'test_date desc, test_id desc') }}
)

select
    patient_id,
    test_id,
    test_date,
    ap_hi,
    ap_lo,
    smoke,
    active,
    cardio
from latest
