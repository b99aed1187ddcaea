-- What a day's value is depends on the content: steps add up, a pulse is averaged, doses are counted.
select
    patient_id,
    measured_on,
    measure,
    daily_value,
    count(*) as results,
    cast(
        case daily_value
            when 'sum' then sum(numeric_value)
            when 'average' then avg(numeric_value)
            else count(*)
        end as decimal(12, 2)
    ) as measured_value
from {{ ref('int_wearables__results_measured') }}
group by patient_id, measured_on, measure, daily_value
