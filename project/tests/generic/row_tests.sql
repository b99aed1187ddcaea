{#- Generic tests about rows and tables. -#}

{% test unique_together(model, columns) %}
{#- What is counted are the rows too many, not the groups. -#}
{{ config(fail_calc='coalesce(sum(copies - 1), 0)') }}
select {{ columns | join(', ') }}, count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test column_not_below(model, column, other) %}
select {{ column }}, {{ other }}
from {{ model }}
where {{ column }} < {{ other }}
{% endtest %}

{% test holds(model, condition) %}
select *
from {{ model }}
where not ({{ condition }})
{% endtest %}

{% test share_of_rows_at_most(model, condition, share) %}
select count(*) as all_rows, count(case when {{ condition }} then 1 end) as such_rows
from {{ model }}
having count(case when {{ condition }} then 1 end) > {{ share }} * count(*)
{% endtest %}

{% test same_row_count(model, other) %}
select *
from (
    select
        (select count(*) from {{ model }}) as rows_here,
        (select count(*) from {{ other }}) as rows_there
) as counted
where rows_here <> rows_there
{% endtest %}

{#- "This SQL must give that result": the expression over the whole table, written as text, must equal the expected text. -#}
{% test gives(model, expression, expected) %}
select *
from (
    select cast({{ expression }} as {{ dbt.type_string() }}) as given
    from {{ model }}
) as computed
where given is null or given <> '{{ expected }}'
{% endtest %}
