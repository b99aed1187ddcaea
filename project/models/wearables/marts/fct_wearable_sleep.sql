-- Several sleeps of one day are kept apart; the longest of them counts as the night.
with sleeps as (
    select * from {{ ref('int_wearables__results_measured') }}
    where measure = 'sleep_minutes'
)

select
    result_id,
    {{ surrogate_key(['patient_id']) }} as patient_key,
    measured_on as woke_up_on,
    started_at as fell_asleep_at,
    ended_at as woke_up_at,
    numeric_value as minutes_asleep,
    row_number() over (
        partition by patient_id, measured_on
        order by numeric_value desc, result_id
    ) = 1 as is_night
from sleeps
