select
    activity_id,
    user_id,
    cast(started_at as date) as day,
    activity_type,
    started_at,
    {{ dbt.dateadd('second', 'duration_seconds', 'started_at') }} as ended_at,
    cast(duration_seconds / 60.0 as decimal(8, 1)) as minutes,
    cast(distance_meters / 1000.0 as decimal(8, 2)) as kilometers,
    calories,
    average_heart_rate,
    greatest_heart_rate,
    pool_lengths,
    swolf
from {{ ref('bronze_tracker__activities') }}
