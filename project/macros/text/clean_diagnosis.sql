{#- ICD-10-CM in its written form: capital letters, a point after the third sign if more follow. -#}
{% macro clean_diagnosis(column) -%}
    {%- set bare = "upper(replace(" ~ column ~ ", '.', ''))" -%}
    case
        when length({{ bare }}) > 3 then substr({{ bare }}, 1, 3) || '.' || substr({{ bare }}, 4)
        else {{ bare }}
    end
{%- endmacro %}
