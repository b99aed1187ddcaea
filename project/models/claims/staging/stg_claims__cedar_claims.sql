-- A table, not a view: the file is read once, and whoever opens the database from elsewhere finds the rows.
{{ config(materialized='table') }}

select
    ref_no as claim_number,
    subscriber as member_number,
    treated as service_date_text,
    {{ parse_date('treated', 'DD-MM-YYYY') }} as service_date,
    {{ parse_date('sent', 'DD-MM-YYYY') }} as received_on,
    {{ clean_diagnosis('icd10') }} as diagnosis_code,
    cast(amount as decimal(12, 2)) as amount,
    {{ nested_field('provider', ['state']) }} as provider_state_text,
    {{ nested_field('provider', ['zip']) }} as provider_zip_text
from {{ source('claims_cedar', 'claims') }}
