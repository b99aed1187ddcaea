with checked as (
    select * from {{ ref('int_blood_tests__checked') }}
),

labs as (
    select * from {{ ref('dim_blood_test_labs') }}
)

select
    labs.lab_id,
    labs.lab_name,
    labs.country_code,
    count(checked.test_id) as tests,
    count(checked.rejected_because) as rejected_tests,
    cast(100.0 * count(checked.rejected_because) / count(checked.test_id) as decimal(5, 2)) as rejected_percent,
    cast(avg(case when checked.rejected_because is null then checked.ap_hi end) as decimal(5, 1)) as average_ap_hi,
    cast(avg(case when checked.rejected_because is null then checked.ap_lo end) as decimal(5, 1)) as average_ap_lo
from labs
left join checked on labs.lab_id = checked.lab_id
group by labs.lab_id, labs.lab_name, labs.country_code
