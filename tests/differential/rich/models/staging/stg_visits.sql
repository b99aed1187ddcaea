{{ config(tags=['visits']) }}
select visit_id, patient_id, fee, cast(visited_at as date) as visited_at from {{ source('raw', 'visits') }}
