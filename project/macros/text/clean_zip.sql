{#- Five digits, or null. Spreadsheets drop the zero at the beginning; the four digits of "ZIP+4" are not needed. -#}
{% macro clean_zip(column) -%}
    case
        when {{ column }} in ('00000', '99999') then null
        when {{ matches_regex(column, '^[0-9]{5}(-?[0-9]{4})?$') }} then substr({{ column }}, 1, 5)
        when {{ matches_regex(column, '^[0-9]{4}$') }} then '0' || {{ column }}
    end
{%- endmacro %}
