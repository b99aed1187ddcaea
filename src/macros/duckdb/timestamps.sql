{# The present time in DuckDB. #}

{% macro duckdb__current_timestamp() %}
  {{- 'now()' -}}
{% endmacro %}

{# Snapshots keep their times without a time zone. #}
{% macro duckdb__snapshot_get_time() %}
  {{- current_timestamp() ~ '::timestamp' -}}
{% endmacro %}

{% macro duckdb__snapshot_string_as_time(timestamp) %}
  {% do return("'" ~ timestamp ~ "'::timestamp") %}
{% endmacro %}
