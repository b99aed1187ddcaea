{# Rows of unit tests as SQL: what stands in for the inputs, and what is expected. #}

{% macro get_fixture_sql(rows, column_name_to_data_types) %}
  {% set quoted = {} %}
  {% if not column_name_to_data_types %}
    {% set column_name_to_data_types = {} %}
    {% set relation = defer_relation if defer_relation and not load_relation(this) else this %}
    {% for column in adapter.get_columns_in_relation(relation) %}
      {% do column_name_to_data_types.update({column.name | lower: column.data_type}) %}
      {% do quoted.update({column.name | lower: column.quoted}) %}
    {% endfor %}
  {% endif %}
  {% if not column_name_to_data_types %}
    {% do exceptions.raise_compiler_error("Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this ~ " because the relation doesn't exist") %}
  {% endif %}
  {% do validate_fixture_rows(rows, none) %}
  {% set nulls = {} %}
  {% for name, type in column_name_to_data_types.items() %}{% do nulls.update({name: safe_cast('null', type) | trim}) %}{% endfor %}
  {% set selects = [] %}
  {% for row in rows %}
    {% set values = dict(nulls) %}
    {% do values.update(format_row(row, column_name_to_data_types)) %}
    {% do selects.append(hetl_fixture_row_sql(values, quoted)) %}
  {% endfor %}
  {% if not selects %}{% do selects.append(hetl_fixture_row_sql(nulls, quoted) ~ '\nlimit 0') %}{% endif %}
  {% do return('-- Fixture for ' ~ model.name ~ '\n' ~ selects | join('\nunion all\n')) %}
{% endmacro %}

{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) %}
  {% set selects = [] %}
  {% for row in rows %}
    {% do selects.append(hetl_fixture_row_sql(format_row(row, column_name_to_data_types), column_name_to_quoted)) %}
  {% endfor %}
  {% do return(selects | join('\nunion all\n') if selects else 'select * from dbt_internal_unit_test_actual\nlimit 0') %}
{% endmacro %}

{% macro hetl_fixture_row_sql(values, column_name_to_quoted) %}
  {% set fields = [] %}
  {% for name, value in values.items() %}
    {% do fields.append((value | trim) ~ ' as ' ~ column_name_to_quoted.get(name, adapter.quote(name))) %}
  {% endfor %}
  {% do return('select ' ~ fields | join(', ')) %}
{% endmacro %}

{# A row with lower-case names and its values as typed SQL expressions. #}
{% macro format_row(row, column_name_to_data_types) %}
  {% set formatted = {} %}
  {% for given_name, value in row.items() %}
    {% set name = given_name | lower %}
    {% if name not in column_name_to_data_types %}
      {% set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" %}
      {% do exceptions.raise_compiler_error(
        "Invalid column name: '" ~ name ~ "' in unit test fixture for " ~ fixture
        ~ ".\nAccepted columns for " ~ fixture ~ " are: " ~ (column_name_to_data_types.keys() | list)) %}
    {% endif %}
    {% set type = column_name_to_data_types[name] %}
    {% if value is string %}
      {# A declared length would cut the text silently. #}
      {% if 'varying' in type %}{% set type = type.split('(')[0] %}{% endif %}
      {% set code = dbt.string_literal(dbt.escape_single_quotes(value)) %}
    {% else %}
      {% set code = 'null' if value is none else value %}
    {% endif %}
    {% do formatted.update({name: safe_cast(code, type)}) %}
  {% endfor %}
  {% do return(formatted) %}
{% endmacro %}

{# For adapters that must check rows before they become SQL. #}
{% macro validate_fixture_rows(rows, row_number) %}
  {{- return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) -}}
{% endmacro %}

{% macro default__validate_fixture_rows(rows, row_number) %}{% endmacro %}
