{# Columns in PostgreSQL. #}

{# A relation without a schema is a temporary one, or one on the search path. #}
{% macro postgres__get_columns_in_relation(relation) %}
  {% call statement('get_columns_in_relation', fetch_result=True) %}
    select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
    from information_schema.columns
    where table_name = {{ hetl_postgres_text(relation.identifier) }}
      {%- if relation.schema %} and table_schema = {{ hetl_postgres_text(relation.schema) }}{% endif %}
    order by ordinal_position
  {% endcall %}
  {% do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) %}
{% endmacro %}

{# The header is run on its own: the columns of one query are asked for, not those of several statements. #}
{% macro postgres__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
  {%- if select_sql_header is not none %}{% do run_query(select_sql_header) %}{% endif -%}
  {{ default__get_empty_subquery_sql(select_sql) }}
{%- endmacro %}
