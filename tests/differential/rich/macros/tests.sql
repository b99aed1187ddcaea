{% test has_rows(model) %}
select 1 as missing where (select count(*) from {{ model }}) = 0
{% endtest %}
{% test dbt_like_pair(model, one, other) %}
select {{ one }}, {{ other }} from {{ model }} group by 1, 2 having count(*) > 1
{% endtest %}
