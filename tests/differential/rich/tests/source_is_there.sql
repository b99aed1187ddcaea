select * from {{ source('raw', 'visits') }} where visit_id is null
