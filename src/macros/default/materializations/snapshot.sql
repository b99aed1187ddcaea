{# A history table: each run closes the rows that changed in the source and adds their new versions. #}

{% materialization snapshot, default %}
  {% set exists, target_relation = get_or_create_relation(
    database=model.database, schema=model.schema, identifier=model.get('alias', model.get('name')), type='table') %}
  {% if not target_relation.is_table %}{% do exceptions.relation_wrong_type(target_relation, 'table') %}{% endif %}

  {% do hetl_drop_candidate(target_relation) %}
  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}

  {% set strategy_macro = strategy_dispatch(config.get('strategy')) %}
  {% set strategy = strategy_macro(model, 'snapshotted_data', 'source_data', model['config'], exists) %}
  {% if exists %}
    {% do hetl_keep_copy(target_relation) %}
    {% do adapter.assert_valid_snapshot_target_given_strategy(target_relation, hetl_snapshot_columns(), strategy) %}
    {% set checked_sql = snapshot_staging_table(strategy, sql, target_relation) %}
    {% set staging_relation = build_snapshot_staging_table(strategy, sql, target_relation) %}
    {% set new_columns = hetl_add_snapshot_columns(staging_relation, target_relation, strategy) %}
    {% set final_sql = snapshot_merge_sql(target=target_relation, source=staging_relation, insert_cols=new_columns) %}
  {% else %}
    {% set checked_sql = build_snapshot_table(strategy, model['compiled_code']) %}
    {% set final_sql = create_table_as(False, target_relation, checked_sql) %}
  {% endif %}
  {% do check_time_data_types(checked_sql) %}
  {% set rows_before = hetl_snapshot_count(target_relation) if exists else none %}
  {% call statement('main') %}{{ final_sql }}{% endcall %}
  {% do hetl_check_snapshot(strategy, sql, target_relation, staging_relation if exists else none, rows_before) %}
  {% if not exists %}{% do hetl_audit_relation(target_relation, target_relation) %}{% endif %}

  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(exists, full_refresh_mode=False)) %}
  {% do persist_docs(target_relation, model) %}
  {% if not exists %}{% do create_indexes(target_relation) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do adapter.commit() %}

  {% if exists %}{% do post_snapshot(staging_relation) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}

{# Columns that are new in the source are added to the target; answers with all that is to be inserted, quoted. #}
{% macro hetl_add_snapshot_columns(staging_relation, target_relation, strategy) %}
  {% do adapter.expand_target_column_types(from_relation=staging_relation, to_relation=target_relation) %}
  {% set internal = ['dbt_change_type', 'dbt_unique_key'] %}
  {% if strategy.unique_key | is_list %}
    {% for key in strategy.unique_key %}{% do internal.append('dbt_unique_key_' ~ loop.index) %}{% endfor %}
  {% endif %}
  {% set missing = [] %}
  {% for column in adapter.get_missing_columns(staging_relation, target_relation) if column.name | lower not in internal %}
    {% do missing.append(column) %}
  {% endfor %}
  {% do create_columns(target_relation, missing) %}
  {% set names = [] %}
  {% for column in adapter.get_columns_in_relation(staging_relation) if column.name | lower not in internal %}
    {% do names.append(adapter.quote(column.name)) %}
  {% endfor %}
  {% do return(names) %}
{% endmacro %}
