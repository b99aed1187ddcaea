-- Monthly amounts and those of claims without a usable date are all there is.
select *
from (
    select
        (select sum(amount) from {{ ref('fct_claims') }}) as amount_of_claims,
        (select sum(amount) from {{ ref('agg_claims_monthly') }})
        + (select coalesce(sum(amount), 0) from {{ ref('fct_claims') }} where service_date is null) as amount_of_parts
) as sums
where amount_of_claims <> amount_of_parts
