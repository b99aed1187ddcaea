-- One column a measure. Add a row to the seed `wearable_contents` and a name here to get one more.
{% set measures = [
    'steps', 'resting_heart_rate', 'mood_score', 'weight_grams',
    'medication_doses', 'wake_ups', 'sleep_minutes', 'walk_minutes'
] %}

select
    {{ surrogate_key(['patient_id', 'measured_on']) }} as daily_measure_key,
    {{ surrogate_key(['patient_id']) }} as patient_key,
    measured_on,
    {% for measure in measures %}
    max(case when measure = '{{ measure }}' then measured_value end) as {{ measure }},
    {% endfor %}
    sum(results) as results
from {{ ref('int_wearables__measures_daily') }}
group by patient_id, measured_on
