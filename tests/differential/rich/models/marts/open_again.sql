select * from {{ ref('stg_recent') }}
union all
select visit_id, patient_id, fee, visited_at from {{ ref('loyalty', 'members') }}
