select * from {{ ref('visits') }} where {{ dollars('fee') }} > {{ var('least_age') }}
