{# User-defined functions of Redshift: parameters have no names, and how stable the result is must be said. #}

{% macro redshift__formatted_scalar_function_args_sql() %}
  {% do return(model.arguments | map(attribute='data_type') | join(', ')) %}
{% endmacro %}

{% macro redshift__scalar_function_volatility_sql() %}
  {%- set words = {'deterministic': 'IMMUTABLE', 'stable': 'STABLE', 'non-deterministic': 'VOLATILE'} -%}
  {%- set volatility = model.config.get('volatility') -%}
  {%- if volatility is not none and volatility not in words -%}{% do unsupported_volatility_warning(volatility) %}{%- endif -%}
  {{ words.get(volatility, 'VOLATILE') }}
{%- endmacro %}
