{% macro started() %}{{ print('printed') }}select 1{% endmacro %}
{% macro ended(results) %}{% if execute %}{{ log(results | length ~ ' results', info=true) }}{% endif %}{% endmacro %}
{% macro greet(name='you') %}{{ log('hello ' ~ name, info=true) }}{{ print('printed ' ~ name) }}{% do run_query('select 1') %}{% endmacro %}
{% macro fails() %}{{ exceptions.raise_compiler_error('no') }}{% endmacro %}
{% macro bad_query() %}{% do run_query('select nothing_there') %}{% endmacro %}
