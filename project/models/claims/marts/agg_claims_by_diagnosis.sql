with claims as (
    select * from {{ ref('fct_claims') }}
),

diagnoses as (
    select * from {{ ref('dim_diagnoses') }}
)

select
    diagnoses.diagnosis_code,
    diagnoses.diagnosis_name,
    diagnoses.chapter,
    count(claims.claim_key) as claims,
    coalesce(sum(claims.amount), 0) as amount,
    rank() over (order by coalesce(sum(claims.amount), 0) desc) as amount_rank
from diagnoses
left join claims on diagnoses.diagnosis_code = claims.diagnosis_code
group by diagnoses.diagnosis_code, diagnoses.diagnosis_name, diagnoses.chapter
