{# User-defined functions: macros of DuckDB, whose body is a query in parentheses. Their parameters have no types, which older
   database files could not keep; the result has the declared one. #}

{% macro duckdb__scalar_function_sql(target_relation) %}
create or replace macro {{ target_relation.render() }}({{ formatted_scalar_function_args_sql() }}) as cast((
{{ model.compiled_code }}
) as {{ model.returns.data_type }});
{% endmacro %}

{% macro duckdb__formatted_scalar_function_args_sql() %}
  {% set parameters = [] %}
  {% for argument in model.arguments %}
    {% set default = argument.get('default_value') %}
    {% do parameters.append(argument.name ~ (' := ' ~ default if default is not none else '')) %}
  {% endfor %}
  {% do return(parameters | join(', ')) %}
{% endmacro %}
