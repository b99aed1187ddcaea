select member_key from {{ ref('dim_members', v=1) }}
{{ dbt.except() }}
select member_key from {{ ref('dim_members', v=2) }}
