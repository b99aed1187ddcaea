{# Sends SQL to the warehouse from a template and keeps the answer under a name. #}

{% macro statement(name=None, fetch_result=False, auto_begin=True, language='sql') %}
  {%- if execute -%}
    {%- set code = caller() | trim -%}
    {%- if language != 'sql' -%}
      {% do exceptions.raise_compiler_error("statement() runs only SQL, but its language is '" ~ language ~ "'") %}
    {%- endif -%}
    {%- if name == 'main' -%}{% do write(code) %}{%- endif -%}
    {%- set response, table = adapter.execute(code, auto_begin=auto_begin, fetch=fetch_result) -%}
    {%- if name is not none -%}{% do store_result(name, response=response, agate_table=table) %}{%- endif -%}
  {%- endif -%}
{% endmacro %}

{# The same without running: for statements that were already run some other way. #}
{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) %}
  {%- set text = caller() | trim -%}
  {%- if name == 'main' -%}{% do write(text) %}{%- endif -%}
  {%- if name is not none -%}
    {% do store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) %}
  {%- endif -%}
{% endmacro %}

{% macro run_query(sql) %}
  {% call statement('run_query_statement', fetch_result=true, auto_begin=false) %}{{ sql }}{% endcall %}
  {% do return(load_result('run_query_statement').table) %}
{% endmacro %}

{# Lets the warehouse check a query without running it. #}
{% macro validate_sql(sql) %}
  {{- return(adapter.dispatch('validate_sql', 'dbt')(sql)) -}}
{% endmacro %}

{% macro default__validate_sql(sql) %}
  {% call statement('validate_sql') %}explain {{ sql }}{% endcall %}
  {% do return(load_result('validate_sql')) %}
{% endmacro %}

{% macro is_core_v2() %}
  {{- return(dbt_version.split('.')[0] == '2') -}}
{% endmacro %}
