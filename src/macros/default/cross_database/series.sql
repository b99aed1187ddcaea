{# Queries that make rows out of nothing: numbers from 1 on, and the dates of a range. #}

{# The smallest n, at least 1, for which 2 ** n reaches the bound. #}
{% macro get_powers_of_two(upper_bound) %}
  {{- return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) -}}
{% endmacro %}

{% macro default__get_powers_of_two(upper_bound) %}
  {% if upper_bound <= 0 %}{% do exceptions.raise_compiler_error('upper bound must be positive') %}{% endif %}
  {% for exponent in range(1, 100) if 2 ** exponent >= upper_bound %}{% do return(exponent) %}{% endfor %}
{% endmacro %}

{% macro generate_series(upper_bound) %}
  {{- return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) -}}
{% endmacro %}

{# Binary counting: each bit is a two-row table, and their cross join gives every number once. #}
{% macro default__generate_series(upper_bound) %}
{%- set terms = [] -%}
{%- set bits = [] -%}
{%- for i in range(dbt.get_powers_of_two(upper_bound)) -%}
  {%- do terms.append('b' ~ i ~ '.bit * ' ~ 2 ** i) -%}
  {%- do bits.append('bits as b' ~ i) -%}
{%- endfor %}
with bits as (select 0 as bit union all select 1),
numbers as (select {{ terms | join(' + ') }} + 1 as generated_number from {{ bits | join(' cross join ') }})
select generated_number from numbers where generated_number <= {{ upper_bound }} order by generated_number
{% endmacro %}

{# The number of steps between two dates, asked of the warehouse since both are SQL expressions. #}
{% macro get_intervals_between(start_date, end_date, datepart) %}
  {{- return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) -}}
{% endmacro %}

{% macro default__get_intervals_between(start_date, end_date, datepart) %}
  {% call statement('get_intervals_between', fetch_result=True) %}select {{ dbt.datediff(start_date, end_date, datepart) }}{% endcall %}
  {% set answer = load_result('get_intervals_between') %}
  {% do return(answer['data'][0][0] if answer and answer['data'] else 1) %}
{% endmacro %}

{# One row a step from the start to before the end, in a column named date_<datepart>. #}
{% macro date_spine(datepart, start_date, end_date) %}
  {{- return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) -}}
{% endmacro %}

{% macro default__date_spine(datepart, start_date, end_date) %}
with steps as (
{{ dbt.generate_series(dbt.get_intervals_between(start_date, end_date, datepart)) }}
),
dates as (
  select ({{ dbt.dateadd(datepart, 'row_number() over (order by generated_number) - 1', start_date) }}) as date_{{ datepart }} from steps
)
select * from dates where date_{{ datepart }} <= {{ end_date }}
{% endmacro %}
