{{ config(materialized='view') }} select id from {{ ref('passing_by') }}
