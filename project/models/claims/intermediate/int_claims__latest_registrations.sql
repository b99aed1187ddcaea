with registrations as (
    select * from {{ ref('int_claims__registrations_cleaned') }}
),

latest as (
    {{ latest_version('registrations', 'member_key', 'received_on desc') }}
)

select
    member_key,
    client,
    member_number,
    first_name,
    last_name,
    birth_date,
    gender,
    state,
    zip,
    eligible_from,
    eligible_to,
    received_on
from latest
