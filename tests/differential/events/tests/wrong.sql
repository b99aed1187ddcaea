{{ config(enabled=var('breaks')) }}
select missing_column from {{ ref('recent') }}
