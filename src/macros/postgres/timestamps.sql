{# The present time in PostgreSQL: that of the transaction. #}

{% macro postgres__current_timestamp() %}
  {{- 'now()' -}}
{% endmacro %}

{# Snapshots keep their times without a time zone. #}
{% macro postgres__snapshot_get_time() %}
  {{- current_timestamp() ~ '::timestamp without time zone' -}}
{% endmacro %}

{% macro postgres__snapshot_string_as_time(timestamp) %}
  {% do return("'" ~ timestamp ~ "'::timestamp without time zone") %}
{% endmacro %}

{% macro postgres__current_timestamp_backcompat() %}
  {{- 'current_timestamp::' ~ type_timestamp() -}}
{% endmacro %}

{% macro postgres__current_timestamp_in_utc_backcompat() %}
  {{- "(current_timestamp at time zone 'utc')::" ~ type_timestamp() -}}
{% endmacro %}
