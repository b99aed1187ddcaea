{# Cross-database macros that Redshift writes its own way. #}

{% macro redshift__current_timestamp() %}
  {{- 'getdate()' -}}
{% endmacro %}

{% macro redshift__snapshot_get_time() %}
  {{- current_timestamp() ~ '::timestamp' -}}
{% endmacro %}

{% macro redshift__snapshot_string_as_time(timestamp) %}
  {% do return("'" ~ timestamp ~ "'::timestamp") %}
{% endmacro %}

{% macro redshift__current_timestamp_backcompat() %}
  {{- 'getdate()' -}}
{% endmacro %}

{% macro redshift__current_timestamp_in_utc_backcompat() %}
  {{- 'getdate()' -}}
{% endmacro %}

{% macro redshift__dateadd(datepart, interval, from_date_or_timestamp) %}
  {{- 'dateadd(' ~ datepart ~ ', ' ~ interval ~ ', ' ~ from_date_or_timestamp ~ ')' -}}
{% endmacro %}

{% macro redshift__datediff(first_date, second_date, datepart) %}
  {{- 'datediff(' ~ datepart ~ ', ' ~ first_date ~ ', ' ~ second_date ~ ')' -}}
{% endmacro %}

{% macro redshift__last_day(date, datepart) %}
  {{- dbt.default_last_day(date, datepart) -}}
{% endmacro %}

{% macro redshift__length(expression) %}
  {{- 'len(' ~ expression ~ ')' -}}
{% endmacro %}

{% macro redshift__cast_bool_to_text(field) %}
  {{- "case when " ~ field ~ " is true then 'true' when " ~ field ~ " is false then 'false' end::text" -}}
{% endmacro %}

{% macro redshift__array_construct(inputs, data_type) %}
  {{- 'array(' ~ inputs | join(', ') ~ ')' -}}
{% endmacro %}

{% macro redshift__array_append(array, new_element) %}
  {{- dbt.array_concat(array, dbt.array_construct([new_element])) -}}
{% endmacro %}

{% macro redshift__array_concat(array_1, array_2) %}
  {{- 'array_concat(' ~ array_1 ~ ', ' ~ array_2 ~ ')' -}}
{% endmacro %}

{# The first parts are cut out of the whole list, so the delimiter must not occur in a value. #}
{% macro redshift__listagg(measure, delimiter_text, order_by_clause, limit_num) %}
  {%- set order = ' within group (' ~ order_by_clause ~ ')' if order_by_clause else '' -%}
  {%- set whole = 'listagg(' ~ measure ~ ', ' ~ delimiter_text ~ ')' ~ order -%}
  {%- if limit_num -%}
    {%- set mark = modules.re.sub('([\\^$.|?*+()\\[\\]{}])', '\\\\\\\\\\1', delimiter_text.strip("'")) -%}
    regexp_substr({{ whole }}, '([^{{ mark }}]+{{ mark }}){1,{{ limit_num - 1 }}}[^{{ mark }}]+')
  {%- else -%}
    {{ whole }}
  {%- endif -%}
{% endmacro %}

{# A null has no type that a comparison could use. #}
{% macro redshift__validate_fixture_rows(rows, row_number) %}
  {%- for name, value in (rows[0].items() if rows else []) if value is none -%}
    {%- set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
    {% do exceptions.raise_compiler_error('Unit test fixture ' ~ fixture ~ ' in ' ~ model.name
      ~ ' does not have any row free of null values, which may cause type mismatch errors during unit test execution.') %}
  {%- endfor -%}
{% endmacro %}
