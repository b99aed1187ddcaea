-- A table, not a view: the file is read once, and whoever opens the database from elsewhere finds the rows.
{{ config(materialized='table') }}

select
    cast(patient_id as integer) as patient_id,
    cast(first_name as varchar(64)) as first_name,
    cast(last_name as varchar(64)) as last_name,
    case gender when 1 then 'female' when 2 then 'male' end as sex,
    cast(birth_date as date) as birth_date,
    cast(height_cm as integer) as height_cm,
    cast(weight_kg as decimal(5, 1)) as weight_kg
from {{ source('blood_tests', 'patients') }}
