-- The whole history: extracts are added one after the other, nothing is replaced.
{{ config(materialized='incremental', incremental_strategy='append') }}

select
    cast(user_id as integer) as user_id,
    cast(first_name as varchar(64)) as first_name,
    cast(last_name as varchar(64)) as last_name,
    cast(email as varchar(128)) as email,
    cast(sex as varchar(8)) as sex,
    cast(birth_date as date) as birth_date,
    cast(country_code as varchar(2)) as country_code,
    cast(updated_at as timestamp) as updated_at,
    cast(extracted_at as timestamp) as extracted_at,
    cast(deleted as boolean) as deleted
from {{ source('heart_rates', 'users') }}
{% if is_incremental() %}
where cast(extracted_at as timestamp) > (select max(extracted_at) from {{ this }})
{% endif %}
