{# Enforced contracts: a query must have the columns that the YAML promises. #}

{% macro get_assert_columns_equivalent(sql) %}
  {{- adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql) -}}
{% endmacro %}

{% macro default__get_assert_columns_equivalent(sql) %}
  {% do return(assert_columns_equivalent(sql)) %}
{% endmacro %}

{% macro assert_columns_equivalent(sql) %}
  {% if not model['columns'] %}{% do exceptions.raise_contract_error([], []) %}{% endif %}
  {% set actual = format_columns(get_column_schema_from_query(sql, config.get('sql_header', none))) %}
  {% set promised = format_columns(get_column_schema_from_query(get_empty_schema_sql(model['columns']))) %}
  {% set types = {} %}
  {% for column in promised %}{% do types.update({column['name']: column['formatted']}) %}{% endfor %}
  {% set differences = [] %}
  {% for column in actual if types.get(column['name']) != column['formatted'] %}{% do differences.append(column) %}{% endfor %}
  {% if differences or actual | length != promised | length %}
    {% do exceptions.raise_contract_error(promised, actual) %}
  {% endif %}
{% endmacro %}

{% macro format_columns(columns) %}
  {% set formatted = [] %}
  {% for column in columns %}{% do formatted.append(adapter.dispatch('format_column', 'dbt')(column)) %}{% endfor %}
  {% do return(formatted) %}
{% endmacro %}

{% macro default__format_column(column) %}
  {% do return({'name': column.name, 'data_type': column.dtype, 'formatted': column.column.lower() ~ ' ' ~ column.dtype}) %}
{% endmacro %}

{# The parenthesised column list of a `create table` under contract. #}
{% macro get_table_columns_and_constraints() %}
  {{- adapter.dispatch('get_table_columns_and_constraints', 'dbt')() -}}
{% endmacro %}

{% macro default__get_table_columns_and_constraints() %}
  {% do return(table_columns_and_constraints()) %}
{% endmacro %}

{% macro table_columns_and_constraints() %}
  {%- set lines = adapter.render_raw_columns_constraints(raw_columns=model['columns'])
                + adapter.render_raw_model_constraints(raw_constraints=model['constraints']) -%}
  (
    {{ lines | join(',\n    ') }}
  )
{%- endmacro %}

{# The query with its columns in the contract's order. #}
{% macro get_select_subquery(sql) %}
  {{- return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) -}}
{% endmacro %}

{% macro default__get_select_subquery(sql) %}
  select {{ adapter.dispatch('get_column_names', 'dbt')() }}
  from (
    {{ sql }}
  ) as model_subq
{%- endmacro %}

{% macro default__get_column_names() %}
  {% set names = [] %}
  {% for column in model['columns'].values() %}
    {% do names.append(adapter.quote(column['name']) if column.get('quote') else column['name']) %}
  {% endfor %}
  {% do return(names | join(', ')) %}
{% endmacro %}
