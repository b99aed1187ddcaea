{# Aggregates and arrays under one name for all warehouses. #}

{% macro any_value(expression) %}
  {{- return(adapter.dispatch('any_value', 'dbt')(expression)) -}}
{% endmacro %}

{% macro default__any_value(expression) %}
  {{- 'any_value(' ~ expression ~ ')' -}}
{% endmacro %}

{% macro bool_or(expression) %}
  {{- return(adapter.dispatch('bool_or', 'dbt')(expression)) -}}
{% endmacro %}

{% macro default__bool_or(expression) %}
  {{- 'bool_or(' ~ expression ~ ')' -}}
{% endmacro %}

{# Joins texts; an order is given as a whole `order by` clause. #}
{% macro listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) %}
  {{- return(adapter.dispatch('listagg', 'dbt')(measure, delimiter_text, order_by_clause, limit_num)) -}}
{% endmacro %}

{% macro default__listagg(measure, delimiter_text, order_by_clause, limit_num) %}
  {%- set order = ' within group (' ~ order_by_clause ~ ')' if order_by_clause else '' -%}
  {%- if limit_num -%}
    array_to_string(array_slice(array_agg({{ measure }}){{ order }}, 0, {{ limit_num }}), {{ delimiter_text }})
  {%- else -%}
    listagg({{ measure }}, {{ delimiter_text }}){{ order }}
  {%- endif -%}
{% endmacro %}

{# All elements of an array must have one type. #}
{% macro array_construct(inputs=[], data_type=api.Column.translate_type('integer')) %}
  {{- return(adapter.dispatch('array_construct', 'dbt')(inputs, data_type)) -}}
{% endmacro %}

{% macro default__array_construct(inputs, data_type) %}
  {{- 'array[' ~ inputs | join(', ') ~ ']' if inputs else 'array[]::' ~ data_type ~ '[]' -}}
{% endmacro %}

{% macro array_append(array, new_element) %}
  {{- return(adapter.dispatch('array_append', 'dbt')(array, new_element)) -}}
{% endmacro %}

{% macro default__array_append(array, new_element) %}
  {{- 'array_append(' ~ array ~ ', ' ~ new_element ~ ')' -}}
{% endmacro %}

{% macro array_concat(array_1, array_2) %}
  {{- return(adapter.dispatch('array_concat', 'dbt')(array_1, array_2)) -}}
{% endmacro %}

{% macro default__array_concat(array_1, array_2) %}
  {{- 'array_cat(' ~ array_1 ~ ', ' ~ array_2 ~ ')' -}}
{% endmacro %}
