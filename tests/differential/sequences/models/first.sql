select id, cast(day as timestamp) as day{{ breaks('first') }} from {{ ref('days') }}
