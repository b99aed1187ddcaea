{% macro dollars(amount, places=2) %}round({{ amount }} / 100.0, {{ places }}){% endmacro %}
{% macro says() %}{{ log('hello') }}{{ dollars(1) }}{% endmacro %}
