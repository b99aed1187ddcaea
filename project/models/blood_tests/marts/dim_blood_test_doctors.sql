select
    doctor_id,
    first_name,
    last_name,
    'Dr. ' || first_name || ' ' || last_name as display_name,
    specialty,
    practising_since,
    {{ dbt.datediff('practising_since', "cast('" ~ var('as_of_date') ~ "' as date)", 'year') }} as years_of_practice
from {{ ref('stg_blood_tests__doctors') }}
