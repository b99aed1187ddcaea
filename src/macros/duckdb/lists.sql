{# Configs that may be one string or a list of them. #}

{% macro normalize_string_or_list(raw, field_name) %}
  {% if raw is none %}{% do return([]) %}{% endif %}
  {% if raw is string %}{% do return([raw]) %}{% endif %}
  {% if raw is mapping or raw is not sequence %}
    {% do exceptions.raise_compiler_error(field_name ~ ' must be a list of strings or a string') %}
  {% endif %}
  {% for item in raw if item is not string %}
    {% do exceptions.raise_compiler_error(field_name ~ ' list values must be non-empty strings') %}
  {% endfor %}
  {% do return(raw | list) %}
{% endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) %}
  {% do return(normalize_string_or_list(incremental_predicates, 'incremental_predicates')) %}
{% endmacro %}
