{# A column that is not there, in the nodes that `broken` names. #}
{% macro breaks(name) %}{% if name in var('broken').split(' ') %}, no_such_column{% endif %}{% endmacro %}
{% macro operate(name) %}{% do run_query('create table ' ~ target.schema ~ '.' ~ name ~ ' as select 1 as id' ~ breaks('operate')) %}{% endmacro %}
