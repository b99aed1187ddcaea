-- Each row is read once and then kept: rows of the extract never change, and a file
-- of an old year may be taken away.
{{ config(materialized='incremental', incremental_strategy='append') }}

select
    cast(test_id as integer) as test_id,
    cast(patient_id as integer) as patient_id,
    cast(doctor_id as varchar(8)) as doctor_id,
    cast(lab_id as varchar(8)) as lab_id,
    cast(test_date as date) as test_date,
    cast(ap_hi as integer) as ap_hi,
    cast(ap_lo as integer) as ap_lo,
    cast(cholesterol as integer) as cholesterol,
    cast(gluc as integer) as gluc,
    smoke = 1 as smoke,
    alco = 1 as alco,
    active = 1 as active,
    cardio = 1 as cardio,
    cast(loaded_at as timestamp) as loaded_at
from {{ source('blood_tests', 'tests') }}
{% if is_incremental() %}
where test_id > (select max(test_id) from {{ this }})
{% endif %}
