{# Pieces of SQL for aggregate functions; a warehouse that has them puts them together. #}

{% macro get_aggregate_function_create_replace_signature(target_relation) %}
  {{- return(adapter.dispatch('get_aggregate_function_create_replace_signature', 'dbt')(target_relation)) -}}
{% endmacro %}

{% macro default__get_aggregate_function_create_replace_signature(target_relation) %}
  {{- 'create or replace aggregate function ' ~ target_relation.render() ~ ' (' ~ get_formatted_aggregate_function_args() ~ ')\n'
      ~ 'returns ' ~ model.returns.data_type ~ ' ' ~ get_function_language_specifier() ~ ' ' ~ get_aggregate_function_volatility_specifier() ~ ' as' -}}
{% endmacro %}

{% macro get_formatted_aggregate_function_args() %}
  {{- return(adapter.dispatch('get_formatted_aggregate_function_args', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_formatted_aggregate_function_args() %}
  {% do return(formatted_scalar_function_args_sql()) %}
{% endmacro %}

{% macro get_aggregate_function_volatility_specifier() %}
  {{- return(adapter.dispatch('get_aggregate_function_volatility_specifier', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_aggregate_function_volatility_specifier() %}
  {% do return(scalar_function_volatility_sql()) %}
{% endmacro %}

{% macro get_function_language_specifier() %}
  {{- return(adapter.dispatch('get_function_language_specifier', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_function_language_specifier() %}
  {%- set language = model.get('language') or 'sql' -%}
  {{ '' if language == 'sql' else 'language ' ~ {'javascript': 'js'}.get(language, language) }}
{% endmacro %}
