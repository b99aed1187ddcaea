{# The queries around a test: its rows are filtered before, and counted and judged after. #}

{% macro get_where_subquery(relation) %}
  {%- do return(adapter.dispatch('get_where_subquery', 'dbt')(relation)) -%}
{% endmacro %}

{% macro default__get_where_subquery(relation) %}
  {% set condition = config.get('where', '') %}
  {% do return('(select * from ' ~ relation ~ ' where ' ~ condition ~ ') dbt_subquery' if condition else relation) %}
{% endmacro %}

{% macro get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
  {{- adapter.dispatch('get_test_sql', 'dbt')(main_sql, fail_calc, warn_if, error_if, limit) -}}
{% endmacro %}

{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
select
  {{ fail_calc }} as failures,
  {{ fail_calc }} {{ warn_if }} as should_warn,
  {{ fail_calc }} {{ error_if }} as should_error
from (
{{ main_sql }}
{% if limit != none %}limit {{ limit }}{% endif %}
) dbt_internal_test
{% endmacro %}

{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) %}
  {{- adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) -}}
{% endmacro %}

{# What the model gives and what was expected, one below the other, told apart by the last column. #}
{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) %}
{%- set names = expected_column_names | join(', ') -%}
{%- set side = adapter.quote('actual_or_expected') %}
with dbt_internal_unit_test_actual as (
  select {{ names }}, {{ dbt.string_literal('actual') }} as {{ side }} from (
{{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
dbt_internal_unit_test_expected as (
  select {{ names }}, {{ dbt.string_literal('expected') }} as {{ side }} from (
{{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{% endmacro %}
