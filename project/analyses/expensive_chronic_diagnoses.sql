{% set at_least = env_var('HEALTH_PLATFORM_EXPENSIVE', '10000') | int %}

select
    diagnoses.diagnosis_name,
    claims.client,
    count(*) as claims,
    sum(claims.amount) as amount
from {{ ref('fct_claims') }} as claims
inner join {{ ref('dim_diagnoses') }} as diagnoses on claims.diagnosis_code = diagnoses.diagnosis_code
where diagnoses.is_chronic
group by diagnoses.diagnosis_name, claims.client
having sum(claims.amount) >= {{ at_least }}
order by amount desc
