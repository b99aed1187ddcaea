{% macro is_gold() %}fee > 4{% endmacro %}
