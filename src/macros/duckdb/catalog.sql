{# The documentation catalog: one query over the relations and columns of a database. #}

{% macro duckdb__get_catalog(information_schema, schemas) %}
  {% set chosen = [] %}
  {% for schema in schemas %}{% do chosen.append(hetl_duckdb_same_name('table_schema', schema)) %}{% endfor %}
  {% do return(run_query(hetl_duckdb_catalog_sql(information_schema, chosen))) %}
{% endmacro %}

{% macro duckdb__get_catalog_relations(information_schema, relations) %}
  {% set chosen = [] %}
  {% for relation in relations %}
    {% if not relation.schema %}
      {% do exceptions.raise_compiler_error('`get_catalog_relations` requires a list of relations, each with a schema') %}
    {% endif %}
    {% set condition = hetl_duckdb_same_name('table_schema', relation.schema) %}
    {% if relation.identifier %}{% set condition = condition ~ ' and ' ~ hetl_duckdb_same_name('table_name', relation.identifier) %}{% endif %}
    {% do chosen.append('(' ~ condition ~ ')') %}
  {% endfor %}
  {% do return(run_query(hetl_duckdb_catalog_sql(information_schema, chosen))) %}
{% endmacro %}

{% macro hetl_duckdb_catalog_sql(information_schema, conditions) %}
with relations as (
  select database_name, schema_name, table_name, 'BASE TABLE' as table_type, comment from duckdb_tables()
  union all
  select database_name, schema_name, view_name, 'VIEW', comment from duckdb_views()
)
select
  relations.database_name as table_database,
  relations.schema_name as table_schema,
  relations.table_name as table_name,
  relations.table_type,
  relations.comment as table_comment,
  columns.column_name,
  columns.column_index,
  columns.data_type as column_type,
  columns.comment as column_comment,
  null as table_owner
from relations
join duckdb_columns() as columns using (database_name, schema_name, table_name)
where {{ hetl_duckdb_same_name('relations.database_name', information_schema.database) }}
  and ({{ conditions | join(' or ') if conditions else 'false' }})
order by table_schema, table_name, column_index
{% endmacro %}
