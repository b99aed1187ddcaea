{#- Keys of the date and time dimensions that can be computed from a timestamp, so that facts need no join to get them:
    20240131 for a day, the number of seconds since midnight for a time of day. -#}
{% macro date_key(expression) -%}
    cast(
        extract(year from {{ expression }}) * 10000
        + extract(month from {{ expression }}) * 100
        + extract(day from {{ expression }}) as integer
    )
{%- endmacro %}

{% macro time_key(expression) -%}
    cast(
        extract(hour from {{ expression }}) * 3600
        + extract(minute from {{ expression }}) * 60
        + floor(extract(second from {{ expression }})) as integer
    )
{%- endmacro %}
