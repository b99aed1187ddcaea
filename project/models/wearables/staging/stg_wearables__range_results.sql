-- A correction replaces the row that it corrects: merge by the result's id.
-- The app grows: columns that a later release of this model selects are added to the table.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='result_id',
    on_schema_change='append_new_columns'
) }}

{% call wearable_result_versions(source('wearables', 'range_results')) %}
    cast(value_from as timestamp) as started_at,
    cast(value_to as timestamp) as ended_at
{% endcall %}

select
    result_id,
    patient_id,
    content_slug,
    started_at,
    ended_at,
    created_time,
    modified_time,
    app_version,
    device_model
from latest
