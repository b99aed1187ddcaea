{# Indexes from the `indexes` config; each adapter writes its own SQL. #}

{% macro create_indexes(relation) %}
  {{- adapter.dispatch('create_indexes', 'dbt')(relation) -}}
{% endmacro %}

{% macro default__create_indexes(relation) %}
  {% for index in config.get('indexes', default=[]) %}
    {% set code = get_create_index_sql(relation, index) %}
    {% if code %}{% do run_query(code) %}{% endif %}
  {% endfor %}
{% endmacro %}

{# A table that only got other rows has its indexes already, except new ones. #}
{% macro hetl_create_indexes(relation, in_place) %}
  {% if not in_place %}{% do return(create_indexes(relation)) %}{% endif %}
  {% set present = [] %}
  {% if config.get('indexes') %}{% set present = run_query(get_show_indexes_sql(relation)) | map(attribute=0) | list %}{% endif %}
  {% for index in config.get('indexes', default=[]) if adapter.parse_index(index).stable_name(relation) not in present %}
    {% do run_query(get_create_index_sql(relation, index)) %}
  {% endfor %}
{% endmacro %}

{% macro get_create_index_sql(relation, index_dict) %}
  {{- return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) -}}
{% endmacro %}

{% macro default__get_create_index_sql(relation, index_dict) %}
  {% do return(none) %}
{% endmacro %}

{% macro get_drop_index_sql(relation, index_name) %}
  {{- adapter.dispatch('get_drop_index_sql', 'dbt')(relation, index_name) -}}
{% endmacro %}

{% macro default__get_drop_index_sql(relation, index_name) %}
  {% do exceptions.raise_compiler_error('`get_drop_index_sql` has not been implemented for this adapter.') %}
{% endmacro %}

{% macro get_show_indexes_sql(relation) %}
  {{- adapter.dispatch('get_show_indexes_sql', 'dbt')(relation) -}}
{% endmacro %}

{% macro default__get_show_indexes_sql(relation) %}
  {% do exceptions.raise_compiler_error('`get_show_indexes_sql` has not been implemented for this adapter.') %}
{% endmacro %}
