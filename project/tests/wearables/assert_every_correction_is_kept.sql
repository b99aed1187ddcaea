-- The fact must hold, for each result, the newest version that was ever exported: as many corrected
-- rows as the export has ids with more than one version.
{% set shapes = ['integer', 'datetime', 'range'] %}

with exported as (
    {% for shape in shapes %}
    select cast(result_id as varchar(32)) as result_id, max(cast(modified_time as timestamp)) as newest
    from {{ source('wearables', shape ~ '_results') }}
    group by 1
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select exported.result_id, exported.newest, facts.modified_time
from exported
left join {{ ref('fct_wearable_results') }} as facts on exported.result_id = facts.result_id
where facts.result_id is null or facts.modified_time <> exported.newest
