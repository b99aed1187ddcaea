{# Seeds: PostgreSQL copies the rows, into a table whose columns are already typed. #}

{% macro postgres__load_csv_rows(model, agate_table) %}
  {% set columns = get_seed_column_quoted_csv(model, agate_table.column_names) %}
  {% do adapter.load_dataframe(this.database, this.schema, this.identifier, agate_table) %}
  {% do return('copy ' ~ this.render() ~ ' (' ~ columns ~ ') from stdin with (format csv)') %}
{% endmacro %}
