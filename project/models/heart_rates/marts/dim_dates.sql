{% set weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] %}

with days as (
    {{ dbt.date_spine('day', "cast('" ~ var('first_date') ~ "' as date)", "cast('" ~ var('end_date') ~ "' as date)") }}
),

dated as (
    select cast(date_day as date) as date_day from days
)

select
    {{ date_key('date_day') }} as date_key,
    date_day,
    cast(extract(year from date_day) as integer) as year,
    cast(extract(quarter from date_day) as integer) as quarter,
    cast(extract(month from date_day) as integer) as month,
    cast(extract(day from date_day) as integer) as day_of_month,
    cast(extract(week from date_day) as integer) as iso_week,
    cast(extract(isodow from date_day) as integer) as weekday,
    case cast(extract(isodow from date_day) as integer)
        {% for weekday in weekdays -%}
        when {{ loop.index }} then '{{ weekday }}'
        {% endfor %}
    end as weekday_name,
    extract(isodow from date_day) in (6, 7) as is_weekend,
    cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start,
    {{ dbt.last_day('date_day', 'month') }} as month_end
from dated
