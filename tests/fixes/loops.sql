{% set letters = ['OPEN', 'open', 'Closed'] %}
select
    customer_id,
    {% for letter in letters %}
    sum(case when status = '{{ letter }}' then amount else 0 end) as {{ letter }}_{{ loop.index }}{% if not loop.last %},{% endif %}
    {% endfor %}
from {{ ref('raw_orders') }}
group by 1
