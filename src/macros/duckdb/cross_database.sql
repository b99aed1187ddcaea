{# Cross-database macros that DuckDB writes its own way. #}

{% macro duckdb__any_value(expression) %}
  {{- 'arbitrary(' ~ expression ~ ')' -}}
{% endmacro %}

{% macro duckdb__array_concat(array_1, array_2) %}
  {{- 'list_concat(' ~ array_1 ~ ', ' ~ array_2 ~ ')' -}}
{% endmacro %}

{% macro duckdb__listagg(measure, delimiter_text, order_by_clause, limit_num) %}
  {%- set ordered = measure ~ (' ' ~ order_by_clause if order_by_clause else '') -%}
  {%- if limit_num -%}
    list_aggr((array_agg({{ ordered }}))[1:{{ limit_num }}], 'string_agg', {{ delimiter_text }})
  {%- else -%}
    string_agg({{ measure }}, {{ delimiter_text }}{{ ' ' ~ order_by_clause if order_by_clause }})
  {%- endif -%}
{% endmacro %}

{% macro duckdb__split_part(string_text, delimiter_text, part_number) %}
  {{- 'string_split(' ~ string_text ~ ', ' ~ delimiter_text ~ ')[' ~ part_number ~ ']' -}}
{% endmacro %}

{% macro duckdb__date(year, month, day) %}
  {{- 'make_date(' ~ year ~ ', ' ~ month ~ ', ' ~ day ~ ')' -}}
{% endmacro %}

{# The number of steps may be any expression, so it multiplies an interval of one step. #}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}
  {%- set steps = {'quarter': ('month', ' * 3'), 'week': ('day', ' * 7')} -%}
  {%- set unit, times = steps.get(datepart | lower, (datepart | lower, '')) -%}
  ({{ from_date_or_timestamp }} + (cast({{ interval }} as bigint){{ times }}) * interval 1 {{ unit }})
{%- endmacro %}

{# Weeks begin on Sunday here, as dbt counts them; DuckDB would begin them on Monday. #}
{% macro duckdb__datediff(first_date, second_date, datepart) %}
  {%- set first = '(' ~ first_date ~ ')::timestamp' -%}
  {%- set second = '(' ~ second_date ~ ')::timestamp' -%}
  {%- if datepart == 'week' -%}
    ((date_diff('day', {{ first }}, {{ second }}) + date_part('dow', {{ first }})::bigint - date_part('dow', {{ second }})::bigint) // 7)
  {%- else -%}
    date_diff('{{ datepart }}', {{ first }}, {{ second }})
  {%- endif -%}
{% endmacro %}

{% macro duckdb__last_day(date, datepart) %}
  {{- dbt.default_last_day(date, datepart) -}}
{% endmacro %}

{% macro duckdb__generate_series(upper_bound) %}
  {{- 'select generate_series as generated_number from generate_series(1, ' ~ upper_bound ~ ')' -}}
{% endmacro %}
