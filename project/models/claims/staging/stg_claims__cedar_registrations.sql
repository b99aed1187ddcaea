-- A table, not a view: the file is read once, and whoever opens the database from elsewhere finds the rows.
{{ config(materialized='table') }}

select
    subscriber as member_number,
    given as first_name,
    family as last_name,
    born as birth_date_text,
    {{ parse_date('born', 'DD-MM-YYYY') }} as birth_date,
    {{ clean_gender('gender') }} as gender,
    {{ nested_field('address', ['state']) }} as state_text,
    {{ nested_field('address', ['zip']) }} as zip_text,
    {{ parse_date('cover_start', 'DD-MM-YYYY') }} as eligible_from,
    {{ parse_date('cover_end', 'DD-MM-YYYY') }} as eligible_to,
    {{ parse_date('sent', 'DD-MM-YYYY') }} as received_on
from {{ source('claims_cedar', 'registrations') }}
