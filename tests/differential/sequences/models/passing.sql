{{ config(materialized='ephemeral') }} select id{{ breaks('passing') }} from {{ ref('second') }}
