-- A correction replaces the row that it corrects: merge by the result's id.
-- The app grows: columns that a later release of this model selects are added to the table.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='result_id',
    on_schema_change='append_new_columns'
) }}

{% call wearable_result_versions(source('wearables', 'integer_results')) %}
    cast(value as integer) as integer_value
{% endcall %}

select
    result_id,
    patient_id,
    content_slug,
    integer_value,
    created_time,
    modified_time,
    app_version,
    device_model
from latest
