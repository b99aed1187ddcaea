{# Materialized views in Redshift. Only whether they refresh by themselves can change without a new one. #}

{# The configured attributes, in the words that the catalog has for them. #}
{% macro hetl_redshift_view_attributes() %}
  {% set style = (config.get('dist') or 'even') | string | trim | lower %}
  {% set sort = config.get('sort') or [] %}
  {% set sort = [sort] if sort is string else sort %}
  {% do return({
    'diststyle': style if style in ['all', 'even', 'auto'] else 'key',
    'distkey': none if style in ['all', 'even', 'auto'] else style,
    'sortkey': sort | map('lower') | list,
    'autorefresh': config.get('auto_refresh', false) in [true, 'true', 'True'],
    'backup': config.get('backup', true) not in [false, 'false', 'False'],
  }) %}
{% endmacro %}

{% macro redshift__get_create_materialized_view_as_sql(relation, sql) %}
  {%- set wanted = hetl_redshift_view_attributes() %}
create materialized view {{ relation }}
  backup {{ 'yes' if wanted.backup else 'no' }}
  diststyle {{ wanted.diststyle }}
  {%- if wanted.distkey %} distkey ({{ wanted.distkey }}){% endif %}
  {%- if wanted.sortkey %} sortkey ({{ wanted.sortkey | join(', ') }}){% endif %}
  auto refresh {{ 'yes' if wanted.autorefresh else 'no' }}
as (
{{ sql }}
)
{%- endmacro %}

{# Two questions: one system view is not to be asked together with the other tables. #}
{% macro redshift__describe_materialized_view(relation) %}
  {% set schema = hetl_postgres_text(relation.schema) %}
  {% set name = hetl_postgres_text(relation.identifier) %}
  {% set view = run_query("
    select info.diststyle, info.sortkey1, refreshed.autorefresh
    from svv_table_info as info
    left join svv_mv_info as refreshed
      on refreshed.schema_name = info.\"schema\" and refreshed.name = info.\"table\" and refreshed.database_name = info.\"database\"
    where info.\"schema\" ilike " ~ schema ~ " and info.\"table\" ilike " ~ name) %}
  {% set columns = run_query("
    select attribute.attname as \"column\", attribute.attisdistkey as is_dist_key, attribute.attsortkeyord as sort_key_position
    from pg_class as owner
    join pg_namespace as schema on schema.oid = owner.relnamespace
    join pg_attribute as attribute on attribute.attrelid = owner.oid
    where schema.nspname ilike " ~ schema ~ " and owner.relname like 'mv_tbl__' || " ~ name ~ " || '__%'
    order by attribute.attsortkeyord") %}
  {% do return({'materialized_view': view, 'columns': columns}) %}
{% endmacro %}

{# None where nothing differs; anything but the refresh needs a new view. #}
{% macro redshift__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {% set present = redshift__describe_materialized_view(existing_relation) %}
  {% set wanted = hetl_redshift_view_attributes() %}
  {% if not present.materialized_view | length %}{% do return(none) %}{% endif %}
  {% set row = present.materialized_view.rows[0] %}
  {% set found = (row['diststyle'] or '') | string | lower %}
  {% set distkeys = [] %}
  {% set sortkey = [] %}
  {% for column in present.columns %}
    {% if column['is_dist_key'] %}{% do distkeys.append(column['column'] | lower) %}{% endif %}
    {% if column['sort_key_position'] > 0 %}{% do sortkey.append(column['column'] | lower) %}{% endif %}
  {% endfor %}
  {% set same_style = found.startswith(wanted.diststyle) or (wanted.diststyle in ['even', 'all'] and found == 'auto(' ~ wanted.diststyle ~ ')') %}
  {% set same_key = wanted.distkey is none or wanted.distkey in distkeys %}
  {% set rebuild = not same_style or not same_key or sortkey != wanted.sortkey %}
  {% set refreshes = row['autorefresh'] in [true, 't', 'true', 1] %}
  {% if not rebuild and refreshes == wanted.autorefresh %}{% do return(none) %}{% endif %}
  {% do return({'requires_full_refresh': rebuild, 'autorefresh': {'context': wanted.autorefresh}}) %}
{% endmacro %}

{% macro redshift__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
  {%- if configuration_changes.requires_full_refresh -%}
    {{ get_replace_sql(existing_relation, relation, sql) }}
  {%- else -%}
    {%- do log('Applying UPDATE AUTOREFRESH to: ' ~ relation) -%}
    alter materialized view {{ relation }} auto refresh {{ 'yes' if configuration_changes.autorefresh.context else 'no' }}
  {%- endif -%}
{% endmacro %}
