-- Kept for readers of the first version, which had one name and no status.
select
    member_key,
    client,
    member_number,
    first_name || ' ' || last_name as full_name,
    birth_date,
    gender,
    state,
    zip
from {{ ref('dim_members', v=2) }}
