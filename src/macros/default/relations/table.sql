{# SQL of tables. #}

{% macro get_create_table_as_sql(temporary, relation, sql) %}
  {{- adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql) -}}
{% endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) %}
  {% do return(create_table_as(temporary, relation, sql)) %}
{% endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') %}
  {%- if language != 'sql' -%}
    {% do exceptions.raise_compiler_error("tables are made by SQL only, but the language is '" ~ language ~ "'") %}
  {%- endif -%}
  {{- adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, **kwargs) -}}
{% endmacro %}

{% macro default__create_table_as(temporary, relation, sql) %}
  {%- set under_contract = config.get('contract').enforced and not temporary -%}
  {%- if under_contract %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
create {{ 'temporary ' if temporary }}table {{ relation.include(database=not temporary, schema=not temporary) }}
{%- if under_contract %} {{ get_table_columns_and_constraints() }}{% endif %} as (
{{ get_select_subquery(sql) if under_contract else sql }}
);
{% endmacro %}
