{# A view, made beside the old relation and renamed into its place. #}

{% materialization view, default %}
  {% set existing_relation = load_cached_relation(this) %}
  {% set target_relation = this.incorporate(type='view') %}
  {% set intermediate_relation = make_intermediate_relation(target_relation) %}
  {% set backup_relation = make_backup_relation(target_relation, existing_relation.type if existing_relation is not none else 'view') %}

  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do drop_relation_if_exists(load_cached_relation(intermediate_relation)) %}
  {% do drop_relation_if_exists(load_cached_relation(backup_relation)) %}
  {% do hetl_drop_candidate(target_relation) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}

  {% call statement('main') %}{{ get_create_view_as_sql(intermediate_relation, sql) }}{% endcall %}
  {% do hetl_publish_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}

  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
  {% do persist_docs(target_relation, model) %}
  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do adapter.commit() %}

  {% do hetl_retire_relation(backup_relation, target_relation) %}
  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}
