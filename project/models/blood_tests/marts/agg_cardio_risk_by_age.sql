with tests as (
    select * from {{ ref('fct_blood_tests') }}
),

patients as (
    select * from {{ ref('dim_blood_test_patients') }}
),

aged as (
    select
        tests.*,
        patients.sex,
        {{ age_in_years('patients.birth_date', on_day='tests.test_date') }} as age_at_test
    from tests
    inner join patients on tests.patient_id = patients.patient_id
)

select
    age_at_test - age_at_test % 10 as age_from,
    sex,
    count(*) as tests,
    count(distinct patient_id) as patients,
    count(case when cardio then 1 end) as tests_with_disease,
    cast(100.0 * count(case when cardio then 1 end) / count(*) as decimal(5, 2)) as disease_percent,
    cast(100.0 * count(case when smoke then 1 end) / count(*) as decimal(5, 2)) as smoker_percent
from aged
group by 1, 2
