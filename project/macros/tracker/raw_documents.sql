{#-
    The raw layer: each document as it came, and the day of the folder it came in. Nothing is interpreted, so
    nothing that the provider changes can break it. Only folders that are not there yet are read.
-#}
{% macro raw_documents(source_relation) -%}
with documents as (
    select
        cast({{ dbt.split_part('filename', "'/'", -2) }} as date) as folder_date,
        json as document
    from {{ source_relation }}
)

select
    folder_date,
    document
from documents
{%- if is_incremental() %}
where folder_date > (select max(folder_date) from {{ this }})
{%- endif %}
{%- endmacro %}
