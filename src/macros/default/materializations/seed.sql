{# A CSV file as a table: made the first time and on a full refresh, otherwise emptied and filled again. #}

{% materialization seed, default %}
  {% set existing_relation = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) %}
  {% set full_refresh = should_full_refresh() %}
  {% set agate_table = load_agate_table() %}
  {% do store_result('agate_table', response='OK', agate_table=agate_table) %}

  {% do hetl_drop_candidate(this.incorporate(type='table')) %}
  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}

  {# The old table goes and the new one comes in one transaction: rows that cannot be loaded leave it as it was. #}
  {% do adapter.ensure_transaction() %}
  {% if existing_relation is none %}
    {% set prepare_sql = create_csv_table(model, agate_table) %}
  {% elif existing_relation.is_view %}
    {% do exceptions.raise_compiler_error("Cannot seed to '" ~ existing_relation.render() ~ "', it is a view") %}
  {% else %}
    {% do hetl_keep_copy(existing_relation) %}
    {% set prepare_sql = reset_csv_table(model, full_refresh, existing_relation, agate_table) %}
  {% endif %}
  {% set row_count = agate_table.rows | length %}
  {% set load_sql = load_csv_rows(model, agate_table) if row_count else '' %}
  {% set verb = 'CREATE' if full_refresh else 'INSERT' %}
  {% call noop_statement('main', verb ~ ' ' ~ row_count, verb, row_count) %}{{ get_csv_sql(prepare_sql, load_sql) }};{% endcall %}

  {% set target_relation = this.incorporate(type='table') %}
  {% if existing_relation is none %}{% do hetl_audit_relation(target_relation, target_relation) %}{% endif %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh)) %}
  {% do persist_docs(target_relation, model) %}
  {% if full_refresh or existing_relation is none %}{% do create_indexes(target_relation) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do adapter.commit() %}

  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}

{% macro create_csv_table(model, agate_table) %}
  {{- adapter.dispatch('create_csv_table', 'dbt')(model, agate_table) -}}
{% endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
  {% set given_types = model['config'].get('column_types', {}) %}
  {% set columns = [] %}
  {% for name in agate_table.column_names %}
    {% set type = given_types.get(name, adapter.convert_type(agate_table, loop.index0)) %}
    {% do columns.append(adapter.quote_seed_column(name | string, model['config'].get('quote_columns', none)) ~ ' ' ~ type) %}
  {% endfor %}
  {% set code = 'create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ')' %}
  {% call statement('_') %}{{ code }}{% endcall %}
  {% do return(code) %}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {{- adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table) -}}
{% endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {% if full_refresh %}
    {% do adapter.drop_relation(old_relation) %}
    {% do return(create_csv_table(model, agate_table)) %}
  {% endif %}
  {# Who reads an older state of the database goes on seeing the rows that are deleted; a table that is truncated is empty for everybody. #}
  {% if adapter.hetl_publishes_in_place() %}
    {% call statement('_') %}delete from {{ old_relation }}{% endcall %}
    {% do return('delete from ' ~ old_relation.render()) %}
  {% endif %}
  {% do adapter.truncate_relation(old_relation) %}
  {% do return('truncate table ' ~ old_relation.render()) %}
{% endmacro %}

{# What is written to target/run: the two statements that the seed amounts to. #}
{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}
  {{- adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql) -}}
{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
{{ create_or_truncate_sql }};
-- dbt seed --
{{ insert_sql }}
{% endmacro %}
