{# A parameterized view: a table macro of DuckDB, with the names of its parameters in the `parameters` config. #}

{% materialization table_function, adapter='duckdb' %}
  {% set target_relation = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='view') %}
  {% set given = config.get('parameters') or '' %}
  {% set parameters = given if given is string or given is number else given | join(', ') %}
  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}
  {% call statement('main') %}
create or replace function {{ target_relation.render() }}({{ parameters }}) as table (
{{ sql }}
);
  {% endcall %}
  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}
  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}
