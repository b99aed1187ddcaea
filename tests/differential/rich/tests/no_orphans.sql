{{ config(tags=['singular']) }}
select * from {{ ref('visits') }} where patient_id not in (select patient_id from {{ ref('patients') }})
