{{ config(
    pre_hook="{{ forget_row_count(this) }}",
    post_hook="{{ record_row_count(this) }}"
) }}

select
    result_id,
    {{ surrogate_key(['patient_id']) }} as patient_key,
    {{ surrogate_key(['content_slug']) }} as content_key,
    measured_on,
    numeric_value,
    started_at,
    ended_at,
    created_time,
    modified_time,
    modified_time > created_time as was_corrected
from {{ ref('int_wearables__results_measured') }}
