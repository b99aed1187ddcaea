select
    {{ surrogate_key(['user_id', 'day']) }} as sleep_key,
    user_id,
    day,
    fell_asleep_at,
    woke_up_at,
    cast({{ dbt.datediff('fell_asleep_at', 'woke_up_at', 'minute') }} / 60.0 as decimal(4, 1)) as hours_in_bed,
    cast((deep_seconds + light_seconds + rem_seconds) / 3600.0 as decimal(4, 1)) as hours_slept,
    {% for stage in ['deep', 'light', 'rem', 'awake'] -%}
    cast({{ stage }}_seconds / 60.0 as decimal(6, 1)) as {{ stage }}_minutes,
    {% endfor -%}
    score
from {{ ref('bronze_tracker__sleep') }}
