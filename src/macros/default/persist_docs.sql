{# Descriptions as comments in the warehouse, where the `persist_docs` config asks for them. #}

{% macro persist_docs(relation, model, for_relation=true, for_columns=true) %}
  {{- return(adapter.dispatch('persist_docs', 'dbt')(relation, model, for_relation, for_columns)) -}}
{% endmacro %}

{% macro default__persist_docs(relation, model, for_relation, for_columns) %}
  {% if for_relation and model.description and config.persist_relation_docs() %}
    {% do run_query(alter_relation_comment(relation, model.description)) %}
  {% endif %}
  {% if for_columns and model.columns and config.persist_column_docs() %}
    {% set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {% set code = alter_column_comment(relation, validate_doc_columns(relation, model.columns, present)) %}
    {% if code and code | trim %}{% do run_query(code) %}{% endif %}
  {% endif %}
{% endmacro %}

{# The documented columns that the relation really has; a warning names the others. #}
{% macro validate_doc_columns(relation, column_dict, existing_column_names) %}
  {% set any_case = existing_column_names | map('lower') | list %}
  {% set found = {} %}
  {% set missing = [] %}
  {% for name, column in column_dict.items() %}
    {% if name in existing_column_names or (not column['quote'] and name | lower in any_case) %}
      {% do found.update({name: column}) %}
    {% else %}
      {% do missing.append(name) %}
    {% endif %}
  {% endfor %}
  {% if missing %}
    {% do exceptions.warn('In relation ' ~ relation.render() ~ ': The following columns are specified in the schema but are not present in the database: ' ~ missing | join(', ')) %}
  {% endif %}
  {% do return(found) %}
{% endmacro %}

{% macro alter_relation_comment(relation, relation_comment) %}
  {{- return(adapter.dispatch('alter_relation_comment', 'dbt')(relation, relation_comment)) -}}
{% endmacro %}

{% macro default__alter_relation_comment(relation, relation_comment) %}
  {% do exceptions.raise_not_implemented('alter_relation_comment macro not implemented for adapter ' ~ adapter.type()) %}
{% endmacro %}

{% macro alter_column_comment(relation, column_dict) %}
  {{- return(adapter.dispatch('alter_column_comment', 'dbt')(relation, column_dict)) -}}
{% endmacro %}

{% macro default__alter_column_comment(relation, column_dict) %}
  {% do exceptions.raise_not_implemented('alter_column_comment macro not implemented for adapter ' ~ adapter.type()) %}
{% endmacro %}

{# A description as a literal; dollar quotes let it hold quotes of every other kind. #}
{% macro hetl_comment_literal(comment) %}
  {%- set mark = '$dbt_comment_literal_block$' -%}
  {%- if comment is not string -%}
    {% do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) %}
  {%- elif mark in comment -%}
    {% do exceptions.raise_compiler_error('The string ' ~ mark ~ ' is not allowed in comments.') %}
  {%- endif -%}
  {{ mark ~ comment ~ mark }}
{%- endmacro %}

{# One statement for each documented column that the relation has. #}
{% macro hetl_comment_on_columns(relation, column_dict) %}
  {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  {%- for name, column in column_dict.items() if name in present %}
  comment on column {{ relation }}.{{ adapter.quote(name) if column['quote'] else name }} is {{ hetl_comment_literal(column['description']) }};
  {%- endfor -%}
{% endmacro %}
