{{ config(materialized='ephemeral', alias='recent') }}
-- depends_on: {{ ref('stg_visits') }}
select * from {{ ref('stg_visits') }} where visited_at > '2023-01-01'
