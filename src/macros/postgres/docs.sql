{# Descriptions as comments. #}

{# Dollar quotes let a description hold quotes of every other kind. #}
{% macro postgres_escape_comment(comment) %}
  {%- set mark = '$dbt_comment_literal_block$' -%}
  {%- if comment is not string -%}
    {% do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) %}
  {%- elif mark in comment -%}
    {% do exceptions.raise_compiler_error('The string ' ~ mark ~ ' is not allowed in comments.') %}
  {%- endif -%}
  {{ mark ~ comment ~ mark }}
{%- endmacro %}

{% macro postgres__alter_relation_comment(relation, comment) %}
  {{- 'comment on ' ~ (relation.type | replace('_', ' ')) ~ ' ' ~ relation ~ ' is ' ~ postgres_escape_comment(comment) ~ ';' -}}
{% endmacro %}

{% macro postgres__alter_column_comment(relation, column_dict) %}
  {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  {%- for name, column in column_dict.items() if name in present %}
  comment on column {{ relation }}.{{ adapter.quote(name) if column['quote'] else name }} is {{ postgres_escape_comment(column['description']) }};
  {%- endfor -%}
{% endmacro %}
