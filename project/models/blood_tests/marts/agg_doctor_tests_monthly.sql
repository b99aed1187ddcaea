select
    tests.doctor_id,
    doctors.display_name,
    cast({{ dbt.date_trunc('month', 'tests.test_date') }} as date) as month_start,
    count(*) as tests,
    count(distinct tests.patient_id) as patients,
    {# One column a level that somebody must look at. -#}
    {% for substance in ['cholesterol', 'gluc'] -%}
    count(case when tests.{{ substance }} > 1 then 1 end) as raised_{{ substance }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('fct_blood_tests') }} as tests
inner join {{ ref('dim_blood_test_doctors') }} as doctors on tests.doctor_id = doctors.doctor_id
group by 1, 2, 3
