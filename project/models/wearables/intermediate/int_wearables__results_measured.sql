-- A night belongs to the day on which it ends, so a result belongs to the day of its end.
with results as (
    select * from {{ ref('int_wearables__results_unioned') }}
),

contents as (
    select * from {{ ref('wearable_contents') }}
)

select
    results.result_id,
    results.patient_id,
    results.content_slug,
    contents.measure,
    contents.unit,
    contents.daily_value,
    results.numeric_value,
    results.started_at,
    results.ended_at,
    cast(results.ended_at as date) as measured_on,
    results.created_time,
    results.modified_time
from results
inner join contents on results.content_slug = contents.content_slug
