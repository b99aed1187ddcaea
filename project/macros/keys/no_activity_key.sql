{#- The key of the row that stands for "no activity"; the dimension makes it and the fact refers to it. -#}
{% macro no_activity_key() -%}
    {{ surrogate_key(["'none'"]) }}
{%- endmacro %}
