with registrations as (
    select * from {{ ref('int_claims__latest_registrations') }}
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
    case
        when eligible_from > cast('{{ var("as_of_date") }}' as date) then 'future'
        when eligible_to < cast('{{ var("as_of_date") }}' as date) then 'ended'
        else 'active'
    end as member_status,
    received_on as registered_on
from registrations
