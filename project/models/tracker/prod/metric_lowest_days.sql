-- The day of the lowest swolf (swimming: the fewer, the better) and the day with the fewest calories, per user.
{% set metrics = {
    'swolf': {'fact': 'fct_tracker_activities', 'value': 'swolf'},
    'calories': {'fact': 'fct_tracker_overview', 'value': 'calories'},
} %}

with daily as (
    {% for metric, column in metrics.items() %}
    select user_id, day, '{{ metric }}' as metric, min({{ column.value }}) as lowest
    from {{ ref(column.fact) }}
    where {{ column.value }} is not null
    group by user_id, day
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ranked as (
    {{ latest_version('daily', 'user_id, metric', 'lowest, day') }}
)

select
    user_id,
    metric,
    day,
    lowest
from ranked
