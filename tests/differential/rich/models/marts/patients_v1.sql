select patient_id, name from {{ ref('stg_patients') }}
