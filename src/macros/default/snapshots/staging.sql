{# The rows of one snapshot run, each marked 'insert', 'update' or 'delete'. #}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) %}
  {{- adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) -}}
{% endmacro %}

{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) %}
{%- set columns = hetl_snapshot_columns() -%}
{%- set key = strategy.unique_key -%}
{%- set matched = unique_key_join_on(key, 'snapshotted_data', 'source_data') -%}
{%- set records_deletes = strategy.hard_deletes == 'new_record' -%}
{%- set closes_deletes = records_deletes or strategy.hard_deletes == 'invalidate' -%}
{%- set was_deleted = 'snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True'" -%}
{%- set changed = strategy.row_changed ~ (' or ' ~ was_deleted if records_deletes else '') %}
with snapshot_query as (
{{ source_sql }}
),
snapshotted_data as (
  select *, {{ unique_key_fields(key) }}
  from {{ target_relation }}
  where {{ hetl_snapshot_row_is_current(columns.dbt_valid_to) }}
),
keyed_source as (
  select *, {{ unique_key_fields(key) }} from snapshot_query
),
insertions_source as (
  select *,
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ get_dbt_valid_to_current(strategy, columns) }},
    {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
  from keyed_source
),
updates_source as (
  select *,
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
  from keyed_source
)
select 'insert' as dbt_change_type, source_data.*{{ ", 'False' as " ~ columns.dbt_is_deleted if records_deletes }}
from insertions_source as source_data
left join snapshotted_data on {{ matched }}
where {{ unique_key_is_null(key, 'snapshotted_data') }}
  or ({{ unique_key_is_not_null(key, 'snapshotted_data') }} and ({{ changed }}))
union all
select 'update' as dbt_change_type, source_data.*, snapshotted_data.{{ columns.dbt_scd_id }}
  {{- ', snapshotted_data.' ~ columns.dbt_is_deleted if records_deletes }}
from updates_source as source_data
join snapshotted_data on {{ matched }}
where ({{ changed }})
{%- if closes_deletes %}
union all
{{ hetl_snapshot_closed_deletions_sql(strategy, columns, matched, was_deleted if records_deletes else none) }}
{%- endif %}
{%- if records_deletes %}
union all
{{ hetl_snapshot_deletion_records_sql(strategy, source_sql, target_relation, columns, matched, was_deleted) }}
{%- endif %}
{% endmacro %}

{# Rows whose key has left the source: their time ends now. #}
{% macro hetl_snapshot_closed_deletions_sql(strategy, columns, matched, was_deleted) %}
{%- set now = snapshot_get_time() -%}
select 'delete' as dbt_change_type, source_data.*,
  {{ now }} as {{ columns.dbt_updated_at }},
  {{ now }} as {{ columns.dbt_valid_from }},
  {{ now }} as {{ columns.dbt_valid_to }},
  snapshotted_data.{{ columns.dbt_scd_id }}
  {{- ', snapshotted_data.' ~ columns.dbt_is_deleted if was_deleted }}
from snapshotted_data
left join keyed_source as source_data on {{ matched }}
where {{ unique_key_is_null(strategy.unique_key, 'source_data') }}
  {%- if was_deleted %} and not ({{ was_deleted }}){% endif %}
{%- endmacro %}

{# With hard_deletes: new_record, a version of the row that says it is deleted, holding from now on. #}
{% macro hetl_snapshot_deletion_records_sql(strategy, source_sql, target_relation, columns, matched, was_deleted) %}
{%- set key = strategy.unique_key -%}
{%- set now = snapshot_get_time() -%}
{%- set kept = get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
select 'insert' as dbt_change_type,
  {%- for name in get_columns_in_query(source_sql) %}
  {{ 'snapshotted_data' if name in kept else 'source_data' }}.{{ adapter.quote(name) }},
  {%- endfor %}
  {%- for part in (key if key | is_list else [key]) %}
  snapshotted_data.dbt_unique_key{{ '_' ~ loop.index if key | is_list }},
  {%- endfor %}
  {{ now }} as {{ columns.dbt_updated_at }},
  {{ now }} as {{ columns.dbt_valid_from }},
  snapshotted_data.{{ columns.dbt_valid_to }},
  {{ snapshot_hash_arguments([columns.dbt_scd_id, now]) }} as {{ columns.dbt_scd_id }},
  'True' as {{ columns.dbt_is_deleted }}
from snapshotted_data
left join keyed_source as source_data on {{ matched }}
where {{ unique_key_is_null(key, 'source_data') }} and not ({{ was_deleted }})
{%- endmacro %}
