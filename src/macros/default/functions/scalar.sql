{# SQL of scalar functions, in the dialect most warehouses share. #}

{% macro scalar_function_sql(target_relation) %}
  {{- return(adapter.dispatch('scalar_function_sql', 'dbt')(target_relation)) -}}
{% endmacro %}

{% macro default__scalar_function_sql(target_relation) %}
  {{- scalar_function_create_replace_signature_sql(target_relation) ~ '\n' ~ scalar_function_body_sql() ~ ';' -}}
{% endmacro %}

{% macro scalar_function_create_replace_signature_sql(target_relation) %}
  {{- return(adapter.dispatch('scalar_function_create_replace_signature_sql', 'dbt')(target_relation)) -}}
{% endmacro %}

{% macro default__scalar_function_create_replace_signature_sql(target_relation) %}
  {{- 'CREATE OR REPLACE FUNCTION ' ~ target_relation.render() ~ ' (' ~ formatted_scalar_function_args_sql() ~ ')\n'
      ~ 'RETURNS ' ~ model.returns.data_type ~ ' ' ~ scalar_function_volatility_sql() ~ ' AS' -}}
{% endmacro %}

{% macro scalar_function_body_sql() %}
  {{- return(adapter.dispatch('scalar_function_body_sql', 'dbt')()) -}}
{% endmacro %}

{% macro default__scalar_function_body_sql() %}
  {{- '$$\n' ~ model.compiled_code ~ '\n$$ language sql' -}}
{% endmacro %}

{% macro formatted_scalar_function_args_sql() %}
  {{- return(adapter.dispatch('formatted_scalar_function_args_sql', 'dbt')()) -}}
{% endmacro %}

{% macro default__formatted_scalar_function_args_sql() %}
  {% set parameters = [] %}
  {% for argument in model.arguments %}{% do parameters.append(argument.name ~ ' ' ~ argument.data_type) %}{% endfor %}
  {% do return(parameters | join(', ')) %}
{% endmacro %}

{% macro formatted_scalar_function_args_javascript() %}
  {{- return(adapter.dispatch('formatted_scalar_function_args_javascript', 'dbt')()) -}}
{% endmacro %}

{% macro default__formatted_scalar_function_args_javascript() %}
  {% do exceptions.raise_compiler_error('formatted_scalar_function_args_javascript not implemented for adapter ' ~ adapter.type()) %}
{% endmacro %}

{% macro scalar_function_volatility_sql() %}
  {{- return(adapter.dispatch('scalar_function_volatility_sql', 'dbt')()) -}}
{% endmacro %}

{% macro default__scalar_function_volatility_sql() %}
  {%- set words = {'deterministic': 'IMMUTABLE', 'stable': 'STABLE', 'non-deterministic': 'VOLATILE'} -%}
  {%- set volatility = model.config.get('volatility') -%}
  {%- if volatility in words -%}
    {{ words[volatility] }}
  {%- elif volatility != none -%}
    {% do unsupported_volatility_warning(volatility) %}
  {%- endif -%}
{% endmacro %}

{% macro scalar_function_volatility_javascript() %}
  {{- return(adapter.dispatch('scalar_function_volatility_javascript', 'dbt')()) -}}
{% endmacro %}

{% macro default__scalar_function_volatility_javascript() %}
  {% if model.config.get('volatility') != none %}
    {% do exceptions.warn('Volatility is not supported by ' ~ adapter.type() ~ ' in javascript UDF and will be ignored') %}
  {% endif %}
{% endmacro %}

{% macro unsupported_volatility_warning(volatility) %}
  {{- return(adapter.dispatch('unsupported_volatility_warning', 'dbt')(volatility)) -}}
{% endmacro %}

{% macro default__unsupported_volatility_warning(volatility) %}
  {% do exceptions.warn('Found `' ~ volatility ~ '` volatility specified on function `' ~ model.name
    ~ '`. This volatility is not supported by ' ~ adapter.type() ~ ', and will be ignored') %}
{% endmacro %}
