{# Descriptions as comments. #}

{% macro postgres_escape_comment(comment) %}
  {{- hetl_comment_literal(comment) -}}
{% endmacro %}

{% macro postgres__alter_relation_comment(relation, comment) %}
  {{- 'comment on ' ~ (relation.type | replace('_', ' ')) ~ ' ' ~ relation ~ ' is ' ~ postgres_escape_comment(comment) ~ ';' -}}
{% endmacro %}

{% macro postgres__alter_column_comment(relation, column_dict) %}
  {{- hetl_comment_on_columns(relation, column_dict) -}}
{% endmacro %}
