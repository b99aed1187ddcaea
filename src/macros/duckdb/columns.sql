{# Columns in DuckDB. #}

{# `describe` looks at one relation only; the type text carries size, precision and scale. #}
{% macro duckdb__get_columns_in_relation(relation) %}
  {% call statement('get_columns_in_relation', fetch_result=True) %}
    select column_name, column_type, null::bigint, null::bigint, null::bigint
    from (describe {{ relation.render() }})
  {% endcall %}
  {% do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) %}
{% endmacro %}

{# The header is run on its own: the result must be one query, since it is put inside a `describe`. #}
{% macro duckdb__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
  {%- if select_sql_header is not none %}{% do run_query(select_sql_header) %}{% endif -%}
  {{ default__get_empty_subquery_sql(select_sql) }}
{%- endmacro %}

{# DuckDB alters one column a statement. #}
{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {% for column in add_columns or [] %}
    {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' add column ' ~ column.quoted ~ ' ' ~ column.data_type) %}
  {% endfor %}
  {% for column in remove_columns or [] %}
    {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' drop column ' ~ column.quoted) %}
  {% endfor %}
{% endmacro %}

{# In place: the values are cast, and the column stays where it is. #}
{% macro duckdb__alter_column_type(relation, column_name, new_column_type) %}
  {% call statement('alter_column_type') %}
    alter table {{ relation.render() }} alter column {{ adapter.quote(column_name) }} type {{ new_column_type }}
  {% endcall %}
{% endmacro %}
