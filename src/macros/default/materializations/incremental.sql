{# A table that later runs add to: built whole the first time, changed by a strategy after that. #}

{% materialization incremental, default %}
  {% set existing_relation = load_cached_relation(this) %}
  {% set target_relation = this.incorporate(type='table') %}
  {% set intermediate_relation = make_intermediate_relation(target_relation) %}
  {% set backup_relation = make_backup_relation(target_relation, existing_relation.type if existing_relation is not none else 'table') %}
  {% set full_refresh = should_full_refresh() or (existing_relation is not none and existing_relation.is_view) %}
  {% set is_changed = existing_relation is not none and not full_refresh %}
  {% set strategy = config.get('incremental_strategy') or 'default' %}
  {% if is_changed or hetl_needs_strategy_to_create() %}
    {% set strategy_sql = adapter.get_incremental_strategy_macro(context, strategy) %}
  {% endif %}

  {% do drop_relation_if_exists(load_cached_relation(intermediate_relation)) %}
  {% do drop_relation_if_exists(load_cached_relation(backup_relation)) %}
  {% do hetl_drop_candidate(target_relation) %}
  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}

  {% set figures = hetl_history_figures(hetl_replaced_relation(existing_relation)) if full_refresh else none %}
  {% set swapped = false %}
  {% set lost = false %}
  {% set in_place = false %}
  {% if existing_relation is none %}
    {% call statement('main') %}{{ get_create_table_as_sql(False, target_relation, sql) }}{% endcall %}
    {% do hetl_compare_history(figures, target_relation, adapter.hetl_live_relation()) %}
    {% do hetl_audit_relation(target_relation, target_relation) %}
  {% elif full_refresh and hetl_must_build_in_place(existing_relation) %}
    {% do hetl_keep_copy(existing_relation) %}
    {% do hetl_build_in_place(existing_relation, target_relation, sql) %}
    {% do hetl_compare_history(figures, target_relation, target_relation) %}
  {% elif full_refresh %}
    {% call statement('main') %}{{ get_create_table_as_sql(False, intermediate_relation, sql) }}{% endcall %}
    {% set lost = hetl_compare_history(figures, intermediate_relation, target_relation) %}
    {% set in_place = hetl_publish_relation(existing_relation, intermediate_relation, target_relation, backup_relation, lost) %}
    {% set swapped = not in_place %}
  {% else %}
    {% do hetl_keep_copy(existing_relation) %}
    {% set temp_relation = make_temp_relation(target_relation) %}
    {% do run_query(get_create_table_as_sql(True, temp_relation, sql)) %}
    {% set dest_columns = hetl_reconcile_columns(temp_relation, target_relation, existing_relation) %}
    {% set arguments = {
      'target_relation': target_relation,
      'temp_relation': temp_relation,
      'unique_key': config.get('unique_key'),
      'dest_columns': dest_columns,
      'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
    } %}
    {% call statement('main') %}{{ strategy_sql(arguments) }}{% endcall %}
  {% endif %}

  {% if existing_relation is none or full_refresh %}{% do hetl_create_indexes(target_relation, in_place) %}{% endif %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh and not in_place)) %}
  {% do persist_docs(target_relation, model) %}
  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do adapter.commit() %}

  {% if swapped %}{% do hetl_retire_relation(backup_relation, target_relation, lost) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}

{# Whether a table whose strategy is not known is an error when it is built whole, too. #}
{% macro hetl_needs_strategy_to_create() %}{{ return(adapter.dispatch('hetl_needs_strategy_to_create', 'dbt')()) }}{% endmacro %}

{% macro default__hetl_needs_strategy_to_create() %}{{ return(true) }}{% endmacro %}

{# Widens the target where the new rows need it, applies `on_schema_change`, and answers with the columns to write. #}
{% macro hetl_reconcile_columns(temp_relation, target_relation, existing_relation) %}
  {% if not config.get('contract').enforced %}
    {% do adapter.expand_target_column_types(from_relation=temp_relation, to_relation=target_relation) %}
  {% endif %}
  {% set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') %}
  {% set columns = process_schema_changes(on_schema_change, temp_relation, existing_relation) %}
  {% do return(columns or adapter.get_columns_in_relation(existing_relation)) %}
{% endmacro %}
