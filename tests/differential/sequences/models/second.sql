{{ config(materialized='view') }} select id, day{{ breaks('second') }} from {{ ref('first') }}
