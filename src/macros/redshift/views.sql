{# Views in Redshift. One that is not bound may name relations that do not exist yet, and survives their drop. #}

{% macro redshift__create_view_as(relation, sql) %}
  {{- hetl_redshift_view_sql('create view ', relation, sql) -}}
{% endmacro %}

{% macro redshift__get_replace_view_sql(relation, sql) %}
  {{- hetl_redshift_view_sql('create or replace view ', relation, sql) -}}
{% endmacro %}

{% macro hetl_redshift_view_sql(verb, relation, sql) %}
  {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
{{ verb }}{{ relation }} as (
{{ sql }}
){{ '' if config.get('bind', default=True) else ' with no schema binding' }};
{%- endmacro %}

{% macro redshift__get_rename_view_sql(relation, new_name) %}
  {{- 'alter table ' ~ relation ~ ' rename to ' ~ new_name -}}
{% endmacro %}

{# Columns of a view that is not bound cannot have comments. #}
{% macro redshift__persist_docs(relation, model, for_relation, for_columns) %}
  {% set unbound = config.get('materialized') == 'view' and config.get('bind') == false %}
  {% do default__persist_docs(relation, model, for_relation, for_columns and not unbound) %}
{% endmacro %}

{% macro redshift__alter_relation_comment(relation, comment) %}
  {%- set kind = 'view' if relation.is_materialized_view else relation.type -%}
  {{- 'comment on ' ~ kind ~ ' ' ~ relation ~ ' is ' ~ postgres_escape_comment(comment) ~ ';' -}}
{% endmacro %}

{# Views are bound late unless the project says otherwise, and there is no block of statements in which one may fail. #}
{% macro redshift__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {% do default__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
{% endmacro %}
