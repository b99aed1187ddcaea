select id, name, loaded_at from {{ source('raw', 'customers') }}
