with patients as (
    select * from {{ ref('stg_wearables__patients') }}
),

activity as (
    select
        patient_id,
        min(measured_on) as first_result_on,
        max(measured_on) as last_result_on,
        count(*) as results
    from {{ ref('int_wearables__results_measured') }}
    group by patient_id
)

select
    {{ surrogate_key(['patients.patient_id']) }} as patient_key,
    patients.patient_id,
    patients.first_name,
    patients.last_name,
    patients.sex,
    patients.birth_date,
    {{ age_in_years('patients.birth_date') }} as age,
    patients.time_zone,
    patients.enrolled_on,
    activity.first_result_on,
    activity.last_result_on,
    coalesce(activity.results, 0) as results
from patients
left join activity on patients.patient_id = activity.patient_id
