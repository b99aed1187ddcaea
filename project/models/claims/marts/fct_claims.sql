-- Merged: a claim that is sent again with another amount updates its row; what a client once
-- said about the member is not taken back by a later file.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['client', 'claim_number'],
    merge_exclude_columns=['member_key'],
    pre_hook="{{ forget_row_count(this) }}",
    post_hook="{{ record_row_count(this) }}"
) }}

with claims as (
    select * from {{ ref('int_claims__latest_claims') }} as latest
    {% if is_incremental() %}
    -- Newer than all that is known of the same client: one client may be weeks behind another.
    where not exists (
        select 1 from {{ this }} as known
        where known.client = latest.client and known.received_on >= latest.received_on
    )
    {% endif %}
),

members as (
    select * from {{ ref('dim_members') }}
)

select
    claims.claim_key,
    claims.client,
    claims.claim_number,
    members.member_key,
    claims.service_date,
    claims.received_on,
    claims.diagnosis_code,
    claims.amount,
    claims.provider_state,
    claims.provider_zip
from claims
left join members
    on claims.client = members.client
    and claims.member_number = members.member_number
