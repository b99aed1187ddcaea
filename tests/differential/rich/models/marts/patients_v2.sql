select patient_id, name, born from {{ ref('stg_patients') }}
