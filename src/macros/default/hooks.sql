{# Pre- and post-hooks, inside and outside the transaction of their node. #}

{% macro run_hooks(hooks, inside_transaction=True) %}
  {{- return(adapter.dispatch('run_hooks', 'dbt')(hooks, inside_transaction)) -}}
{% endmacro %}

{% macro default__run_hooks(hooks, inside_transaction) %}
  {% for hook in hooks | selectattr('transaction', 'equalto', inside_transaction) %}
    {% if loop.first and not inside_transaction %}
      {# The connection may be in a transaction of its own making; leave it first. #}
      {% call statement(auto_begin=False) %}commit;{% endcall %}
    {% endif %}
    {% do hetl_run_hook(hook, inside_transaction) %}
  {% endfor %}
{% endmacro %}

{% macro hetl_run_hook(hook, inside_transaction) %}
  {% set code = render(hook.get('sql')) | trim %}
  {% if code %}
    {% call statement(auto_begin=inside_transaction) %}{{ code }}{% endcall %}
  {% endif %}
{% endmacro %}

{% macro make_hook_config(sql, inside_transaction) %}
  {{- tojson({'sql': sql, 'transaction': inside_transaction}) -}}
{% endmacro %}

{% macro before_begin(sql) %}
  {{- make_hook_config(sql, inside_transaction=False) -}}
{% endmacro %}

{% macro in_transaction(sql) %}
  {{- make_hook_config(sql, inside_transaction=True) -}}
{% endmacro %}

{% macro after_commit(sql) %}
  {{- make_hook_config(sql, inside_transaction=False) -}}
{% endmacro %}
