{# User-defined functions. #}

{% macro postgres__formatted_scalar_function_args_sql() %}
  {% set parameters = [] %}
  {% for argument in model.arguments %}
    {% set default = argument.get('default_value') %}
    {% do parameters.append(argument.name ~ ' ' ~ argument.data_type ~ (' DEFAULT ' ~ default if default is not none else '')) %}
  {% endfor %}
  {% do return(parameters | join(', ')) %}
{% endmacro %}
