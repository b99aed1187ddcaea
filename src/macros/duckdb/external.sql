{# A file (CSV, JSON, Parquet) that a model writes, and a view that reads it back. #}

{% materialization external, adapter='duckdb' %}
  {% set location = render(config.get('location', default=external_location(this, config))) %}
  {% set options = render_write_options(config) %}
  {% set write_options = adapter.external_write_options(location, options) %}
  {% set format = hetl_external_format(config.get('format'), options) %}
  {% set target_relation = this.incorporate(type='view') %}
  {% set existing_relation = load_cached_relation(this) %}
  {% set temp_relation = make_intermediate_relation(this.incorporate(type='table'), suffix='__dbt_tmp') %}
  {% set intermediate_relation = make_intermediate_relation(target_relation, suffix='__dbt_int') %}
  {% set backup_relation = make_backup_relation(target_relation, existing_relation.type if existing_relation is not none else 'table') %}
  {% for leftover in [intermediate_relation, temp_relation, backup_relation] %}
    {% do drop_relation_if_exists(load_cached_relation(leftover)) %}
  {% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=False) %}
  {% do run_hooks(pre_hooks, inside_transaction=True) %}

  {% call statement('create_table') %}{{ create_table_as(False, temp_relation, sql) }}{% endcall %}
  {# A file without rows would lose its columns, so it gets one row of nulls, which the view leaves out. #}
  {% set columns = adapter.get_columns_in_relation(temp_relation) %}
  {% set is_empty = run_query('select count(*) from ' ~ temp_relation).rows[0][0] == 0 %}
  {% if is_empty %}
    {% call statement() %}insert into {{ temp_relation }} values ({% for column in columns %}null{{ ', ' if not loop.last }}{% endfor %}){% endcall %}
  {% endif %}
  {% do write_to_file(temp_relation, location, write_options) %}

  {% call statement('main') %}
create or replace view {{ intermediate_relation }} as (
  select * from {{ hetl_external_read_sql(format, adapter.external_read_location(location, options), options) }}
  {%- if is_empty %} where {{ columns | map(attribute='quoted') | join(' is not null and ') }} is not null{% endif %}
);
  {% endcall %}
  {% if existing_relation is not none %}{% do adapter.rename_relation(existing_relation, backup_relation) %}{% endif %}
  {% do adapter.rename_relation(intermediate_relation, target_relation) %}

  {% do run_hooks(post_hooks, inside_transaction=True) %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}

  {% do drop_relation_if_exists(backup_relation) %}
  {% do drop_relation_if_exists(temp_relation) %}
  {% set plugin = 'glue|' ~ config.get('glue_database', 'default') if config.get('glue_register', default=false) else config.get('plugin') %}
  {% if plugin is not none %}{% do store_relation(plugin, target_relation, location, format, config) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=False) %}
  {% do return({'relations': [target_relation]}) %}
{% endmaterialization %}

{# The file's format: as configured, or as the write options say, or Parquet. #}
{% macro hetl_external_format(format, options) %}
  {% set known = ['csv', 'parquet', 'json'] %}
  {% if format and format not in known %}
    {% do exceptions.raise_compiler_error('Invalid format: ' ~ format ~ '. Allowed formats are: ' ~ known | join(', ')) %}
  {% endif %}
  {% set written = options.get('format', '') | lower %}
  {% do return(format or (written if written in known else 'parquet')) %}
{% endmacro %}

{# A call of DuckDB's reader of the format, with the options of the config. #}
{% macro hetl_external_read_sql(format, location, options) %}
  {% set usual = {'parquet': {'union_by_name': False}, 'json': {'auto_detect': True}, 'csv': {'auto_detect': True}} %}
  {% set read_options = dict(config.get(format ~ '_read_options', usual[format])) %}
  {# DuckDB only knows compression by a lower-case file extension, so the readers are told. #}
  {% if format != 'parquet' and options.get('compression') and 'compression' not in read_options %}
    {% do read_options.update({'compression': options['compression']}) %}
  {% endif %}
  {% set arguments = ["'" ~ location ~ "'"] %}
  {% for name, value in read_options.items() %}
    {% do arguments.append(name ~ '=' ~ ("'" ~ value ~ "'" if value is string else value)) %}
  {% endfor %}
  {% do return('read_' ~ format ~ '(' ~ arguments | join(', ') ~ ')') %}
{% endmacro %}
