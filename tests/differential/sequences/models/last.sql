select id{{ breaks('last') }} from {{ ref('passing') }}
