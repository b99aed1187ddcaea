-- Every staged test is either a fact or rejected, and none is both.
with ends as (
    select test_id from {{ ref('fct_blood_tests') }}
    union all
    select test_id from {{ ref('rejected_blood_tests') }}
)

select staged.test_id, count(ends.test_id) as ends
from {{ ref('stg_blood_tests__tests') }} as staged
left join ends on staged.test_id = ends.test_id
group by staged.test_id
having count(ends.test_id) <> 1
