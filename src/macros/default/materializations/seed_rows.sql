{# Filling a seed's table with bound values, a batch of rows at a time; adapters may have a faster way. #}

{% macro load_csv_rows(model, agate_table) %}
  {{- adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table) -}}
{% endmacro %}

{% macro default__load_csv_rows(model, agate_table) %}
  {% set columns = get_seed_column_quoted_csv(model, agate_table.column_names) %}
  {% set marks = [] %}
  {% for name in agate_table.column_names %}{% do marks.append(get_binding_char()) %}{% endfor %}
  {% set row_sql = '(' ~ marks | join(',') ~ ')' %}
  {% set shown = [] %}
  {% for rows in agate_table.rows | batch(get_batch_size()) %}
    {% set values = [] %}
    {% set rows_sql = [] %}
    {% for row in rows %}
      {% do values.extend(row) %}
      {% do rows_sql.append(row_sql) %}
    {% endfor %}
    {% set code = 'insert into ' ~ this.render() ~ ' (' ~ columns ~ ') values ' ~ rows_sql | join(',') %}
    {% do adapter.add_query(code, bindings=values, abridge_sql_log=True) %}
    {% if loop.first %}{% do shown.append(code) %}{% endif %}
  {% endfor %}
  {% do return(shown | first) %}
{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
  {% set quoted = [] %}
  {% for name in column_names %}
    {% do quoted.append(adapter.quote_seed_column(name, model['config'].get('quote_columns', none))) %}
  {% endfor %}
  {% do return(quoted | join(', ')) %}
{% endmacro %}

{% macro get_binding_char() %}
  {{- adapter.dispatch('get_binding_char', 'dbt')() -}}
{% endmacro %}

{% macro default__get_binding_char() %}
  {% do return('%s') %}
{% endmacro %}

{% macro get_batch_size() %}
  {{- return(adapter.dispatch('get_batch_size', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_batch_size() %}
  {% do return(10000) %}
{% endmacro %}
