select
    client,
    cast({{ dbt.date_trunc('month', 'service_date') }} as date) as month_start,
    count(*) as claims,
    count(distinct member_key) as members,
    sum(amount) as amount,
    cast(avg(amount) as decimal(12, 2)) as average_amount
from {{ ref('fct_claims') }}
where service_date is not null
group by 1, 2
