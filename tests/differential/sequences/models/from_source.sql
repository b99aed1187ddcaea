select id from {{ source('loaded', 'days') }}
