{# Seeds: DuckDB reads the CSV file itself, into a table whose columns are already typed. #}

{% macro duckdb__load_csv_rows(model, agate_table) %}
  {% if not config.get('fast', true) %}
    {% do return(default__load_csv_rows(model, adapter.convert_datetimes_to_strs(agate_table))) %}
  {% endif %}
  {% set code = "copy " ~ this.render() ~ " from '" ~ adapter.get_seed_file_path(model) | replace("'", "''")
    ~ "' (format csv, header true, delimiter '" ~ config.get('delimiter', ',') ~ "')" %}
  {% do adapter.add_query(code, abridge_sql_log=True) %}
  {% do return(code) %}
{% endmacro %}

{% macro duckdb__get_binding_char() %}
  {% do return('?') %}
{% endmacro %}
