-- Rebuilt every time: it is small, and it describes patients as they are now.
with patients as (
    select * from {{ ref('stg_blood_tests__patients') }}
),

latest as (
    select * from {{ ref('int_blood_tests__latest_by_patient') }}
)

select
    patients.patient_id,
    patients.first_name,
    patients.last_name,
    patients.sex,
    patients.birth_date,
    {{ age_in_years('patients.birth_date') }} as age,
    patients.height_cm,
    patients.weight_kg,
    cast(
        patients.weight_kg * 10000.0 / (patients.height_cm * patients.height_cm) as decimal(5, 1)
    ) as body_mass_index,
    latest.test_date as last_tested_on,
    latest.smoke as smokes,
    latest.active as is_active
from patients
left join latest on patients.patient_id = latest.patient_id
