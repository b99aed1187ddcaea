{# Finding relations, and emptying them. #}

{% macro load_cached_relation(relation) %}
  {% do return(adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier)) %}
{% endmacro %}

{% macro load_relation(relation) %}
  {% do return(load_cached_relation(relation)) %}
{% endmacro %}

{# Answers [does it exist?, the relation]. #}
{% macro get_or_create_relation(database, schema, identifier, type) %}
  {{- return(adapter.dispatch('get_or_create_relation', 'dbt')(database, schema, identifier, type)) -}}
{% endmacro %}

{% macro default__get_or_create_relation(database, schema, identifier, type) %}
  {% set present = adapter.get_relation(database=database, schema=schema, identifier=identifier) %}
  {% if present is not none %}{% do return([true, present]) %}{% endif %}
  {% do return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) %}
{% endmacro %}

{% macro truncate_relation(relation) %}
  {{- return(adapter.dispatch('truncate_relation', 'dbt')(relation)) -}}
{% endmacro %}

{% macro default__truncate_relation(relation) %}
  {% call statement('truncate_relation') %}truncate table {{ relation.render() }}{% endcall %}
{% endmacro %}
