{# A unit test: the model's SQL over given rows, next to the rows that are expected. #}

{% materialization unit, default %}
  {% set header = (config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS else none) or '' %}
  {% set expected_rows = config.get('expected_rows') %}
  {% set tested_columns = expected_rows[0].keys() if expected_rows else get_columns_in_query(sql) %}

  {# An empty table of the same query tells the types that the expected values must have. #}
  {% set temp_relation = make_temp_relation(this.incorporate(type='table')) %}
  {% do run_query(get_create_table_as_sql(True, temp_relation, get_empty_subquery_sql(sql))) %}
  {% set types = {} %}
  {% set quoted = {} %}
  {% for column in adapter.get_columns_in_relation(temp_relation) %}
    {% do types.update({column.name | lower: column.data_type}) %}
    {% do quoted.update({column.name | lower: column.quoted}) %}
  {% endfor %}

  {% set expected_sql = config.get('expected_sql') or get_expected_sql(expected_rows, types, quoted) %}
  {% set compared = [] %}
  {% for name in tested_columns %}{% do compared.append(quoted[name | lower]) %}{% endfor %}
  {% call statement('main', fetch_result=True) %}{{ header }}
{{ get_unit_test_sql(sql, expected_sql, compared) }}{% endcall %}

  {% do adapter.drop_relation(temp_relation) %}
  {% do return({'relations': []}) %}
{% endmaterialization %}
