{# Tables in Redshift: where rows lie, in which order, and whether snapshots of the cluster hold them. #}

{# `all`, `even` or `auto`, or the column whose values decide. #}
{% macro dist(dist) %}
  {%- set style = (dist | string).strip().lower() if dist is not none else 'auto' -%}
  {%- if style in ['all', 'even'] -%}
    diststyle {{ style }}
  {%- elif style != 'auto' -%}
    diststyle key distkey ({{ style }})
  {%- endif -%}
{% endmacro %}

{% macro sort(sort_type, sort) %}
  {%- if sort is not none and sort is not undefined -%}
    {{ sort_type or 'compound' }} sortkey ({{ sort if sort is string else sort | join(', ') }})
  {%- endif -%}
{% endmacro %}

{# What follows the name of a table, after its columns. #}
{% macro hetl_redshift_table_attributes() %}
  {%- set parts = [] -%}
  {%- if config.get('backup') == false %}{% do parts.append('backup no') %}{% endif -%}
  {%- do parts.append(dist(config.get('dist')) | trim) -%}
  {%- do parts.append(sort(config.get('sort_type', validator=validation.any['compound', 'interleaved']), config.get('sort')) | trim) -%}
  {{ parts | select | join(' ') }}
{%- endmacro %}

{% macro redshift__create_table_as(temporary, relation, sql) %}
  {%- set contract = config.get('contract').enforced -%}
  {%- if contract %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
  {{ config.get('sql_header', none) or '' }}
{%- set name = relation.include(database=not temporary, schema=not temporary) %}
{%- set attributes = hetl_redshift_table_attributes() | trim %}
{%- if contract %}
create {{ 'temporary ' if temporary }}table {{ name }}
  {{ get_table_columns_and_constraints() }}
{{ attributes }};
insert into {{ name }} (
{{ get_select_subquery(sql) }}
);
{%- else %}
create {{ 'temporary ' if temporary }}table {{ name }}
{{ attributes }}
as (
{{ sql }}
);
{%- endif %}
{% endmacro %}

{% macro redshift__create_csv_table(model, agate_table) %}
  {% set given_types = model['config'].get('column_types', {}) %}
  {% set columns = [] %}
  {% for name in agate_table.column_names %}
    {% set type = given_types.get(name, adapter.convert_type(agate_table, loop.index0)) %}
    {% do columns.append(adapter.quote_seed_column(name | string, model['config'].get('quote_columns', none)) ~ ' ' ~ type) %}
  {% endfor %}
  {% set code = ('create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ') ' ~ dist(model['config'].get('dist', none))) | trim %}
  {% call statement('_') %}{{ code }}{% endcall %}
  {% do return(code) %}
{% endmacro %}

{# Rows are sent as statements: a client's own files are out of reach of Redshift's copy. #}
{% macro redshift__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {% do return(default__reset_csv_table(model, full_refresh, old_relation, agate_table)) %}
{% endmacro %}

{% macro redshift__load_csv_rows(model, agate_table) %}
  {% do return(default__load_csv_rows(model, agate_table)) %}
{% endmacro %}

{% macro redshift__get_batch_size() %}
  {% do return(500) %}
{% endmacro %}

{% macro redshift__get_rename_table_sql(relation, new_name) %}
  {{- 'alter table ' ~ relation ~ ' rename to ' ~ new_name -}}
{% endmacro %}

{% macro redshift__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {# One column a statement is all that it takes. #}
  {% for column in add_columns or [] %}
    {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' add column ' ~ column.quoted ~ ' ' ~ column.data_type) %}
  {% endfor %}
  {% for column in remove_columns or [] %}
    {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' drop column ' ~ column.quoted) %}
  {% endfor %}
{% endmacro %}

{# There are no indexes. #}
{% macro redshift__get_create_index_sql(relation, index_dict) %}
  {% do return(none) %}
{% endmacro %}
