{#- Whole years between a date of birth and the day on which the platform looks at its data (a variable, not the clock). -#}
{% macro age_in_years(birth_date, on_day=none) -%}
    {%- set day = on_day or "cast('" ~ var('as_of_date') ~ "' as date)" -%}
    cast(
        extract(year from {{ day }}) - extract(year from {{ birth_date }})
        - case
            when extract(month from {{ day }}) * 100 + extract(day from {{ day }})
                < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }})
                then 1
            else 0
        end as integer
    )
{%- endmacro %}
