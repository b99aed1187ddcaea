select * from {{ ref('members') }} where {{ loyalty.is_gold() }}
