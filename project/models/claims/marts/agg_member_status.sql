-- One column a status, so that a client is one row.
{% set statuses = ['active', 'ended', 'future'] %}

select
    client,
    {% for status in statuses %}
    count(case when member_status = '{{ status }}' then 1 end) as {{ status }}_members,
    {% endfor %}
    count(*) as members
from {{ ref('dim_members') }}
group by client
