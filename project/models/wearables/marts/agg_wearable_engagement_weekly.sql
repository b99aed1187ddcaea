select
    cast({{ dbt.date_trunc('week', 'measured_on') }} as date) as week_start,
    measure,
    count(distinct patient_id) as patients,
    count(*) as patient_days,
    sum(results) as results
from {{ ref('int_wearables__measures_daily') }}
group by 1, 2
