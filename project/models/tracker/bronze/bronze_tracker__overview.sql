-- A day comes in two folders, its own and the next one; the later has the final numbers.
with typed as (
    select
        folder_date,
        {{ json_columns({
            'user_id': ['user_id', 'varchar(8)'],
            'day': ['date', 'date'],
            'is_final': ['final', 'boolean'],
            'steps': ['steps', 'integer'],
            'active_calories': ['calories.active', 'integer'],
            'resting_calories': ['calories.resting', 'integer'],
            'minutes_moved': ['minutes.moved', 'integer'],
            'minutes_sedentary': ['minutes.sedentary', 'integer'],
            'average_stress': ['stress.average', 'integer'],
            'greatest_stress': ['stress.greatest', 'integer'],
        }) }}
    from {{ ref('raw_tracker__overview') }}
),

latest as (
    {{ latest_version('typed', 'user_id, day', 'folder_date desc') }}
)

select
    user_id,
    day,
    is_final,
    steps,
    active_calories,
    resting_calories,
    minutes_moved,
    minutes_sedentary,
    average_stress,
    greatest_stress,
    folder_date
from latest
