{# A table, made beside the old relation and renamed into its place. #}

{% materialization table, default %}
  {% set existing_relation = load_cached_relation(this) %}
  {% set target_relation = this.incorporate(type='table') %}
  {% set intermediate_relation = make_intermediate_relation(target_relation) %}
  {% set backup_relation = make_backup_relation(target_relation, existing_relation.type if existing_relation is not none else 'table') %}

  {% do drop_relation_if_exists(load_cached_relation(intermediate_relation)) %}
  {% do drop_relation_if_exists(load_cached_relation(backup_relation)) %}
  {% do hetl_drop_candidate(target_relation) %}
  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}

  {% set figures = hetl_history_figures(hetl_replaced_relation(existing_relation)) if hetl_protects_history() else none %}
  {% set lost = false %}
  {% set in_place = false %}
  {% if hetl_must_build_in_place(existing_relation) %}
    {% do hetl_keep_copy(existing_relation) %}
    {% do hetl_build_in_place(existing_relation, target_relation, sql) %}
    {% do hetl_compare_history(figures, target_relation, target_relation) %}
  {% else %}
    {% call statement('main') %}{{ get_create_table_as_sql(False, intermediate_relation, sql) }}{% endcall %}
    {% set lost = hetl_compare_history(figures, intermediate_relation, adapter.hetl_live_relation()) %}
    {% set in_place = hetl_publish_relation(existing_relation, intermediate_relation, target_relation, backup_relation, lost) %}
  {% endif %}
  {% do hetl_create_indexes(target_relation, in_place) %}

  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=not in_place)) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}

  {% do hetl_retire_relation(backup_relation, target_relation, lost) %}
  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}
