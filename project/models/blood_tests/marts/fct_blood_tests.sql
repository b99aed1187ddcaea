-- Only ever appended: a test that was reported stays as it was reported.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_row_count(this) }}",
    post_hook="{{ record_row_count(this) }}"
) }}

select
    test_id,
    patient_id,
    doctor_id,
    lab_id,
    test_date,
    ap_hi,
    ap_lo,
    ap_hi - ap_lo as pulse_pressure,
    cholesterol,
    gluc,
    smoke,
    alco,
    active,
    cardio,
    loaded_at
from {{ ref('int_blood_tests__checked') }}
where rejected_because is null
{% if is_incremental() %}
    and test_id > (select max(test_id) from {{ this }})
{% endif %}
