select patient_id, name, born, 1 as rank from {{ ref('stg_patients') }}
