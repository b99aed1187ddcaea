-- Is the blood pressure of smokers higher? Compiled, not built: run what `compile` writes.
select
    patients.sex,
    tests.smoke,
    count(*) as tests,
    cast(avg(tests.ap_hi) as decimal(5, 1)) as average_ap_hi,
    cast(avg(tests.ap_lo) as decimal(5, 1)) as average_ap_lo
from {{ ref('fct_blood_tests') }} as tests
inner join {{ ref('dim_blood_test_patients') }} as patients on tests.patient_id = patients.patient_id
group by patients.sex, tests.smoke
order by patients.sex, tests.smoke
