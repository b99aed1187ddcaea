{# The documentation catalog of Redshift. #}

{% macro redshift__get_catalog(information_schema, schemas) %}
  {% set relations = [] %}
  {% for schema in schemas %}{% do relations.append({'schema': schema}) %}{% endfor %}
  {% do return(redshift__get_catalog_relations(information_schema, relations)) %}
{% endmacro %}

{% macro redshift__get_catalog_relations(information_schema, relations) %}
  {% do adapter.verify_database(information_schema.database) %}
  {% do return(run_query(hetl_redshift_catalog_sql(information_schema.database, relations))) %}
{% endmacro %}

{# Views that are not bound have their columns in a place of their own. #}
{% macro hetl_redshift_catalog_sql(database, relations) %}
  {%- set bound = [] -%}
  {%- set unbound = [] -%}
  {%- for relation in relations -%}
    {%- set schema = 'upper(' ~ hetl_postgres_text(relation.schema) ~ ')' -%}
    {%- set name = 'upper(' ~ hetl_postgres_text(relation.identifier) ~ ')' if relation.identifier else none -%}
    {%- do bound.append('(upper(schema.nspname) = ' ~ schema ~ (' and upper(owner.relname) = ' ~ name if name else '') ~ ')') -%}
    {%- do unbound.append('(upper(table_schema) = ' ~ schema ~ (' and upper(table_name) = ' ~ name if name else '') ~ ')') -%}
  {%- endfor %}
with bound as (
  select
    schema.nspname as table_schema,
    owner.relname as table_name,
    case
      when owner.relkind = 'v' and stored.table_name is not null then 'MATERIALIZED VIEW'
      when owner.relkind = 'v' then 'VIEW'
      else 'BASE TABLE'
    end as table_type,
    of_table.description as table_comment,
    attribute.attname as column_name,
    attribute.attnum as column_index,
    pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as column_type,
    of_column.description as column_comment
  from pg_catalog.pg_class as owner
  join pg_catalog.pg_namespace as schema on schema.oid = owner.relnamespace
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = owner.oid and attribute.attnum > 0 and not attribute.attisdropped
  left join pg_catalog.pg_description as of_table on of_table.objoid = owner.oid and of_table.objsubid = 0
  left join pg_catalog.pg_description as of_column on of_column.objoid = owner.oid and of_column.objsubid = attribute.attnum
  left join information_schema.views as stored
    on stored.table_schema = schema.nspname and stored.table_name = owner.relname
    and stored.view_definition ilike '%create materialized view%'
  where owner.relkind in ('r', 'v', 'f', 'p') and ({{ bound | join(' or ') if bound else 'false' }})
),
unbound as (
  select
    table_schema, table_name, 'LATE BINDING VIEW'::varchar as table_type, null::text as table_comment,
    column_name, column_index, column_type, null::text as column_comment
  from pg_get_late_binding_view_cols()
    columns(table_schema name, table_name name, column_name name, column_type varchar, column_index int)
  where {{ unbound | join(' or ') if unbound else 'false' }}
),
owners as (
  select schemaname as table_schema, tablename as table_name, tableowner as table_owner from pg_tables
  union all
  select schemaname, viewname, viewowner from pg_views
)
select {{ hetl_postgres_text(database) }} as table_database, relations.*, owners.table_owner
from (select * from bound union all select * from unbound) as relations
join owners using (table_schema, table_name)
order by column_index
{% endmacro %}
