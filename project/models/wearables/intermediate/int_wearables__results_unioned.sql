-- Never built: the three shapes in one, pasted as a CTE into whatever refers to it.
{{ config(materialized='ephemeral') }}

{% set shapes = {
    'integer': {'numeric_value': 'integer_value', 'started_at': 'created_time', 'ended_at': 'created_time'},
    'datetime': {'numeric_value': '1', 'started_at': 'datetime_value', 'ended_at': 'datetime_value'},
    'range': {
        'numeric_value': dbt.datediff('started_at', 'ended_at', 'minute'),
        'started_at': 'started_at',
        'ended_at': 'ended_at',
    },
} %}

{% for shape, columns in shapes.items() %}
select
    result_id,
    '{{ shape }}' as shape,
    patient_id,
    content_slug,
    {% for name, expression in columns.items() %}
    {{ expression }} as {{ name }},
    {% endfor %}
    created_time,
    modified_time
from {{ ref('stg_wearables__' ~ shape ~ '_results') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
