{# Descriptions as DuckDB comments. #}

{% macro duckdb_escape_comment(comment) %}
  {{- hetl_comment_literal(comment) -}}
{% endmacro %}

{% macro duckdb__alter_relation_comment(relation, comment) %}
  {{- 'comment on ' ~ relation.type ~ ' ' ~ relation ~ ' is ' ~ duckdb_escape_comment(comment) ~ ';' -}}
{% endmacro %}

{% macro duckdb__alter_column_comment(relation, column_dict) %}
  {{- hetl_comment_on_columns(relation, column_dict) -}}
{% endmacro %}
