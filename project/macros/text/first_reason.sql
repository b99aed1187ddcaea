{#- The first of several reasons whose condition is true, or null: a `case` written as a table. -#}
{% macro first_reason(reasons) -%}
    case
        {%- for reason, condition in reasons.items() %}
        when {{ condition }} then '{{ reason }}'
        {%- endfor %}
    end
{%- endmacro %}
