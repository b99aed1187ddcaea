-- "This SQL must give that result", as a table of checks: a row of the answer is a check that gave something else.
{{ config(severity='error', tags=['quality']) }}

{% set checks = [
    ('tests without a laboratory',
     'select count(*) from ' ~ ref('fct_blood_tests') ~ ' where lab_id is null', 0),
    ('laboratories in the report',
     'select count(*) from ' ~ ref('agg_blood_tests_by_lab'), 6),
    ('facts younger than their load',
     'select count(*) from ' ~ ref('fct_blood_tests') ~ ' where test_date > loaded_at', 0),
    ('monthly totals that are missing',
     'select (select count(*) from ' ~ ref('fct_blood_tests') ~ ') - (select sum(tests) from ' ~ ref('agg_doctor_tests_monthly') ~ ')', 0),
] %}

select *
from (
    {% for name, sql, expected in checks %}
    select '{{ name }}' as name, ({{ sql }}) as given, {{ expected }} as expected
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
) as checked
where given is null or given <> expected
