-- Other teams join to this table: its columns and types are promised in a contract.
select
    lab_id,
    lab_name,
    city,
    country_code,
    accredited_on
from {{ ref('stg_blood_tests__labs') }}
