select 1 as id{% if execute and var('breaks') %}{{ exceptions.raise_compiler_error('on purpose') }}{% endif %}
