{{ config(materialized='incremental', unique_key='visit_id', on_schema_change='append_new_columns', meta={'a': 1}) }}
select v.visit_id, v.patient_id, p.name, v.fee, v.visited_at
from {{ ref('stg_visits') }} v join {{ ref('patients', v=2) }} p using (patient_id)
{% if is_incremental() %} where v.visited_at > (select max(visited_at) from {{ this }}) {% endif %}
