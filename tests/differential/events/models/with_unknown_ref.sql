select * from {{ ref('events' if not var('broken_ref', false) else 'unknown') }}
