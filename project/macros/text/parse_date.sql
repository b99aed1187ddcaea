{#-
    A date out of a text in which year, month and day stand at fixed places, e.g. 'MM/DD/YYYY'; null if there is no such
    day. Plain SQL on purpose: warehouses differ in what they do with 11/31/2001 (an error, null, or the first of December).
-#}
{% macro parse_date(column, format) -%}
    {%- set year = 'substr(' ~ column ~ ', ' ~ (format.find('YYYY') + 1) ~ ', 4)' -%}
    {%- set month = 'substr(' ~ column ~ ', ' ~ (format.find('MM') + 1) ~ ', 2)' -%}
    {%- set day = 'substr(' ~ column ~ ', ' ~ (format.find('DD') + 1) ~ ', 2)' -%}
    {%- set pattern = format.replace('YYYY', '(19|20)[0-9][0-9]')
                            .replace('MM', '(0[1-9]|1[0-2])')
                            .replace('DD', '(0[1-9]|[12][0-9]|3[01])') -%}
    case
        when not {{ matches_regex(column, '^' ~ pattern ~ '$') }} then null
        when {{ month }} in ('04', '06', '09', '11') and {{ day }} > '30' then null
        when {{ month }} = '02' and {{ day }} > '29' then null
        when {{ month }} = '02' and {{ day }} = '29' and not {{ is_leap_year('cast(' ~ year ~ ' as integer)') }} then null
        else cast({{ year }} || '-' || {{ month }} || '-' || {{ day }} as date)
    end
{%- endmacro %}

{% macro is_leap_year(year) -%}
    ({{ year }} % 4 = 0 and ({{ year }} % 100 <> 0 or {{ year }} % 400 = 0))
{%- endmacro %}
