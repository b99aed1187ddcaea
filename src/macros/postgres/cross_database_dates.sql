{# Date arithmetic in PostgreSQL. #}

{# The number of steps may be any expression, so it multiplies an interval of one step. No interval is called `quarter`. #}
{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) %}
  {%- set step = '3 month' if datepart | lower == 'quarter' else '1 ' ~ datepart -%}
  {{- from_date_or_timestamp ~ " + ((interval '" ~ step ~ "') * (" ~ interval ~ "))" -}}
{% endmacro %}

{# The boundaries of a date part that lie between two moments. Weeks begin on Sunday, as dbt counts them. #}
{% macro postgres__datediff(first_date, second_date, datepart) %}
  {%- set first = '(' ~ first_date ~ ')' -%}
  {%- set second = '(' ~ second_date ~ ')' -%}
  {%- set part = datepart | lower -%}
  {%- set seconds = {'hour': 3600, 'minute': 60, 'second': 1} -%}
  {%- set fractions = {'millisecond': 1000, 'microsecond': 1000000} -%}
  {%- if part == 'year' -%}
    (date_part('year', {{ second }}::date) - date_part('year', {{ first }}::date))
  {%- elif part in ['quarter', 'month'] -%}
    ((date_part('year', {{ second }}::date) - date_part('year', {{ first }}::date)) * {{ 4 if part == 'quarter' else 12 }} + date_part('{{ part }}', {{ second }}::date) - date_part('{{ part }}', {{ first }}::date))
  {%- elif part == 'day' -%}
    ({{ second }}::date - {{ first }}::date)
  {%- elif part == 'week' -%}
    (({{ second }}::date - {{ first }}::date + date_part('dow', {{ first }}::timestamp)::int - date_part('dow', {{ second }}::timestamp)::int) / 7)
  {%- elif part in seconds -%}
    ((date_part('epoch', date_trunc('{{ part }}', {{ second }}::timestamp)) - date_part('epoch', date_trunc('{{ part }}', {{ first }}::timestamp))) / {{ seconds[part] }})
  {%- elif part in fractions -%}
    (floor(extract(epoch from {{ second }}::timestamp) * {{ fractions[part] }}) - floor(extract(epoch from {{ first }}::timestamp) * {{ fractions[part] }}))::double precision
  {%- else -%}
    {% do exceptions.raise_compiler_error("Unsupported datepart for macro datediff in postgres: '" ~ datepart ~ "'") %}
  {%- endif -%}
{% endmacro %}

{% macro postgres__last_day(date, datepart) %}
  {{- dbt.default_last_day(date, datepart) -}}
{% endmacro %}
