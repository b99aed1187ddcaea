select patient_id, name, cast(born as date) as born from {{ ref('patients_raw') }}
