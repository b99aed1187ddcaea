-- The same outcome as merging, reached by deleting the old versions first.
-- The app grows: columns that a later release of this model selects are added to the table.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='result_id',
    on_schema_change='append_new_columns'
) }}

{% call wearable_result_versions(source('wearables', 'datetime_results')) %}
    cast(value as timestamp) as datetime_value
{% endcall %}

select
    result_id,
    patient_id,
    content_slug,
    datetime_value,
    created_time,
    modified_time,
    app_version,
    device_model
from latest
