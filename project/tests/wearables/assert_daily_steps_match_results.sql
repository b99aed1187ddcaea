-- Pivoting and aggregating must not lose a step.
with daily as (
    select sum(steps) as steps from {{ ref('fct_wearable_daily_measures') }}
),

single as (
    select sum(facts.numeric_value) as steps
    from {{ ref('fct_wearable_results') }} as facts
    inner join {{ ref('dim_wearable_contents') }} as contents on facts.content_key = contents.content_key
    where contents.measure = 'steps'
)

select daily.steps as daily_steps, single.steps as single_steps
from daily
cross join single
where daily.steps <> single.steps
