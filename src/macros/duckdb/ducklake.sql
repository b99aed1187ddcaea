{# Partitions and sort order, which only DuckLake tables have. #}

{# The `alter table` statements for what is given, or else for what the config says. #}
{% macro hetl_duckdb_layout_sql(relation, temporary, partitioned_by=none, sorted_by=none) %}
  {%- set partitions = partitioned_by or duckdb__get_partitioned_by(relation, temporary) -%}
  {%- set order = sorted_by or duckdb__get_sorted_by(relation, temporary) -%}
  {%- if partitions %}{{ duckdb__alter_table_set_partitioned_by(relation, partitions) }}
  {% endif -%}
  {%- if order %}{{ duckdb__alter_table_set_sorted_by(relation, order) }}{% endif -%}
{% endmacro %}

{% macro duckdb__get_partitioned_by(relation, temporary) %}
  {% set columns = hetl_ducklake_columns(relation, temporary, 'partitioned_by', 'partition_by') %}
  {% do return(columns | join(', ') if columns else none) %}
{% endmacro %}

{% macro duckdb__get_sorted_by(relation, temporary) %}
  {% set columns = hetl_ducklake_columns(relation, temporary, 'sorted_by', 'sort_by') %}
  {% do return(get_quoted_csv(columns) if columns else none) %}
{% endmacro %}

{% macro duckdb__alter_table_set_partitioned_by(relation, partitioned_by) %}
  {{- 'alter table ' ~ relation ~ ' set partitioned by (' ~ partitioned_by ~ ');' -}}
{% endmacro %}

{% macro duckdb__alter_table_set_sorted_by(relation, sorted_by) %}
  {{- 'alter table ' ~ relation ~ ' set sorted by (' ~ sorted_by ~ ');' -}}
{% endmacro %}

{% macro hetl_ducklake_columns(relation, temporary, key, other_key) %}
  {% set given = config.get(key, none) or config.get(other_key, none) %}
  {% if temporary or given is none or given == '' %}{% do return([]) %}{% endif %}
  {% set columns = normalize_string_or_list(given, key ~ '/' ~ other_key) %}
  {% if not columns %}{% do exceptions.raise_compiler_error(key ~ '/' ~ other_key ~ ' must contain at least one column') %}{% endif %}
  {% if not adapter.is_ducklake(relation) %}
    {% do adapter.warn_once(key ~ '/' ~ other_key ~ ' is only supported for DuckLake relations; ignoring for ' ~ relation) %}
    {% do return([]) %}
  {% endif %}
  {% do return(columns) %}
{% endmacro %}
