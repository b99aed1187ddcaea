{# A function of the warehouse, made from the SQL of a `functions/` file; its kind picks the macro that writes it. #}

{% materialization function, default %}
  {% set existing_relation = load_cached_relation(this) %}
  {% set target_relation = this.incorporate(type=this.Function) %}
  {% do run_hooks(pre_hooks) %}
  {# The name is known at run time only, so dispatch is called through a variable. #}
  {% set dispatch_by_name = adapter.dispatch %}
  {% set build_macro = dispatch_by_name(this.get_function_macro_name(this.get_function_config(model)), 'dbt') %}
  {% do function_execute_build_sql(build_macro(target_relation), existing_relation, target_relation) %}
  {% do run_hooks(post_hooks) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}

{% macro function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {{- return(adapter.dispatch('function_execute_build_sql', 'dbt')(build_sql, existing_relation, target_relation)) -}}
{% endmacro %}

{% macro default__function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {% call statement(name='main') %}{{ build_sql }}{% endcall %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}
{% endmacro %}
