{% macro clean_gender(column) -%}
    case
        when lower({{ column }}) in ('f', 'female', '2') then 'female'
        when lower({{ column }}) in ('m', 'male', '1') then 'male'
        else 'unknown'
    end
{%- endmacro %}
