{# Names of the relations that stand in for a target. PostgreSQL cuts names after 63 bytes without a word, so a long one is cut here, to
   a part that is still its own. #}

{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) %}
  {% if dstring %}{% set suffix = suffix ~ modules.datetime.datetime.now().strftime('%H%M%S%f') %}{% endif %}
  {% do return(base_relation.incorporate(path={'identifier': adapter.identifier_with_suffix(base_relation.identifier, suffix)})) %}
{% endmacro %}

{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
  {% do return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=False)) %}
{% endmacro %}

{# A temporary table lives in a schema of its session, and has a name that no other one of the session has. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
  {% set relation = postgres__make_relation_with_suffix(base_relation, suffix, dstring=True) %}
  {% do return(relation.incorporate(path={'schema': none, 'database': none})) %}
{% endmacro %}

{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {% set relation = postgres__make_relation_with_suffix(base_relation, suffix, dstring=False) %}
  {% do return(relation.incorporate(type=backup_relation_type)) %}
{% endmacro %}
