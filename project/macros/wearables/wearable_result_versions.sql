{#-
    The common part of the three result shapes: typed columns, new rows only, and of several versions
    of a result the latest. The block of the call names the columns in which the shapes differ.
    A result that was corrected comes again; merging by its id replaces the old version.
-#}
{% macro wearable_result_versions(source_relation) -%}
with exported as (
    select
        cast(result_id as varchar(32)) as result_id,
        cast(patient_id as varchar(16)) as patient_id,
        cast(content_slug as varchar(64)) as content_slug,
        {{ caller() | trim }},
        cast(created_time as timestamp) as created_time,
        cast(modified_time as timestamp) as modified_time,
        cast(app_version as varchar(16)) as app_version,
        cast(device_model as varchar(32)) as device_model
    from {{ source_relation }}
),

new_versions as (
    select * from exported
    {% if is_incremental() %}
    where modified_time > (select max(modified_time) from {{ this }})
    {% endif %}
),

latest as (
    {{ latest_version('new_versions', 'result_id', 'modified_time desc') }}
)
{%- endmacro %}
