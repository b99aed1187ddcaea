select order_id, 'ÄÖÜ – 😀' as "Größe", status as статус -- é
from {{ ref('raw_orders') }} where 'é'<>status
