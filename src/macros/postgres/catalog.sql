{# The documentation catalog: one query over the relations and columns of some schemas. #}

{% macro postgres__get_catalog(information_schema, schemas) %}
  {% set relations = [] %}
  {% for schema in schemas %}{% do relations.append({'schema': schema}) %}{% endfor %}
  {% do return(postgres__get_catalog_relations(information_schema, relations)) %}
{% endmacro %}

{% macro postgres__get_catalog_relations(information_schema, relations) %}
  {% do adapter.verify_database(information_schema.database) %}
  {% set conditions = [] %}
  {% for relation in relations %}
    {% set condition = 'upper(schema.nspname) = upper(' ~ hetl_postgres_text(relation.schema) ~ ')' %}
    {% if relation.identifier %}
      {% set condition = condition ~ ' and upper(owner.relname) = upper(' ~ hetl_postgres_text(relation.identifier) ~ ')' %}
    {% endif %}
    {% do conditions.append('(' ~ condition ~ ')') %}
  {% endfor %}
  {% do return(run_query(hetl_postgres_catalog_sql(information_schema.database, conditions))) %}
{% endmacro %}

{# Temporary tables of any session are left out, tables that are not logged are not. #}
{% macro hetl_postgres_catalog_sql(database, conditions) %}
select
  {{ hetl_postgres_text(database) }} as table_database,
  schema.nspname as table_schema,
  owner.relname as table_name,
  case owner.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as table_type,
  pg_catalog.obj_description(owner.oid, 'pg_class') as table_comment,
  attribute.attname as column_name,
  attribute.attnum as column_index,
  pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as column_type,
  pg_catalog.col_description(owner.oid, attribute.attnum) as column_comment,
  pg_catalog.pg_get_userbyid(owner.relowner) as table_owner
from pg_catalog.pg_class as owner
join pg_catalog.pg_namespace as schema on schema.oid = owner.relnamespace
join pg_catalog.pg_attribute as attribute
  on attribute.attrelid = owner.oid and attribute.attnum > 0 and not attribute.attisdropped
where owner.relkind in ('r', 'p', 'f', 'v', 'm')
  and owner.relpersistence in ('p', 'u')
  and ({{ conditions | join(' or ') if conditions else 'false' }})
order by table_schema, table_name, column_index
{% endmacro %}
