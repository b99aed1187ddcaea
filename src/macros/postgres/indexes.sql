{# Indexes. #}

{# The name depends on what the index is and on what it is of, so it is the same in every run. The table that is replaced may still
   have one of that name; it has no use for it any more. #}
{% macro postgres__get_create_index_sql(relation, index_dict) %}
  {%- set index = adapter.parse_index(index_dict) -%}
  {%- set name = index.stable_name(relation) -%}
  {{ get_drop_index_sql(relation, name) }};
create {{ 'unique ' if index.unique }}index if not exists {{ adapter.quote(name) }}
on {{ relation }} {{ 'using ' ~ index.type ~ ' ' if index.type }}({{ index.columns | join(', ') }})
{%- endmacro %}

{% macro postgres__get_drop_index_sql(relation, index_name) %}
  {{- 'drop index if exists ' ~ (adapter.quote(relation.schema) ~ '.' if relation.schema) ~ adapter.quote(index_name) -}}
{% endmacro %}

{# One row an index: name, method, whether it is unique, its columns in order with commas between them. #}
{% macro postgres__get_show_indexes_sql(relation) %}
  select
    named.relname as name,
    method.amname as method,
    index.indisunique as "unique",
    (
      select string_agg(attribute.attname, ',' order by key.position)
      from unnest(index.indkey::smallint[]) with ordinality as key(number, position)
      join pg_catalog.pg_attribute as attribute on attribute.attrelid = index.indrelid and attribute.attnum = key.number
    ) as column_names
  from pg_catalog.pg_index as index
  join pg_catalog.pg_class as named on named.oid = index.indexrelid
  join pg_catalog.pg_am as method on method.oid = named.relam
  join pg_catalog.pg_class as owner on owner.oid = index.indrelid
  join pg_catalog.pg_namespace as schema on schema.oid = owner.relnamespace
  where owner.relname = {{ hetl_postgres_text(relation.identifier) }}
    and schema.nspname = {{ hetl_postgres_text(relation.schema) }}
    and owner.relkind in ('r', 'p', 'm')
  order by 1
{% endmacro %}
