{#- Generic tests about one column. Each gives the rows that break the rule; nulls are left to `not_null`. -#}

{% test between(model, column_name, least=none, most=none) %}
select {{ column_name }}
from {{ model }}
where false
    {% if least is not none %}or {{ column_name }} < {{ least }}{% endif %}
    {% if most is not none %}or {{ column_name }} > {{ most }}{% endif %}
{% endtest %}

{% test not_in_future(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} > cast('{{ var("as_of_date") }}' as date)
{% endtest %}

{% test not_after(model, column_name, other) %}
select {{ column_name }}, {{ other }}
from {{ model }}
where {{ column_name }} > {{ other }}
{% endtest %}

{% test matches_pattern(model, column_name, pattern) %}
select {{ column_name }}
from {{ model }}
where not {{ matches_regex(column_name, pattern) }}
{% endtest %}
