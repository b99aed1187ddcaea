select
    {{ surrogate_key(['content_slug']) }} as content_key,
    content_slug,
    shape,
    measure,
    unit,
    daily_value
from {{ ref('wearable_contents') }}
