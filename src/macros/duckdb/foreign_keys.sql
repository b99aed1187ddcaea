{# Foreign keys in DuckDB: a table that one points at can be neither renamed nor dropped, and no foreign key can be
   taken off a table. So the tables that point at a table being replaced are dropped and put back as plain copies;
   their own models make them anew, with the constraints, later in the same run. #}

{# A key keeps the name under which its table was made, so a table with one is made under its final name. #}
{% macro has_foreign_key_constraints(relation=none) %}
  {% do return('foreign_key' in enforced_constraint_types() or 'foreign_key' in existing_constraint_types(relation)) %}
{% endmacro %}

{% macro may_be_foreign_key_target(relation=none) %}
  {% set types = enforced_constraint_types() + existing_constraint_types(relation) %}
  {% do return('primary_key' in types or 'unique' in types) %}
{% endmacro %}

{# Of the model's enforced contract. #}
{% macro enforced_constraint_types() %}
  {% set types = [] %}
  {% if config.get('contract').enforced %}
    {% set constraints = [] + (model.get('constraints') or []) %}
    {% for column in model.get('columns', {}).values() %}{% do constraints.extend(column.get('constraints') or []) %}{% endfor %}
    {% for constraint in constraints %}{% do types.append(constraint.type | string) %}{% endfor %}
  {% endif %}
  {% do return(types) %}
{% endmacro %}

{# Of the table in the warehouse. #}
{% macro existing_constraint_types(relation) %}
  {% if relation is none or not relation.is_table %}{% do return([]) %}{% endif %}
  {% call statement('existing_constraint_types', fetch_result=True, auto_begin=False) %}
    select distinct replace(lower(constraint_type), ' ', '_') from duckdb_constraints()
    where {{ hetl_duckdb_same_name('database_name', relation.database) }} and {{ hetl_duckdb_same_name('schema_name', relation.schema) }}
      and {{ hetl_duckdb_same_name('table_name', relation.identifier) }}
  {% endcall %}
  {% set types = [] %}
  {% for row in load_result('existing_constraint_types').table %}{% do types.append(row[0]) %}{% endfor %}
  {% do return(types) %}
{% endmacro %}

{% macro hetl_duckdb_same_name(column, name) %}
  {{- 'lower(' ~ column ~ ") = lower('" ~ dbt.escape_single_quotes(name | string) ~ "')" -}}
{% endmacro %}

{# The tables that point at a relation, directly or not, the farthest first, each with the tables it points at. #}
{% macro hetl_foreign_key_dependents(relation) %}
  {% call statement('hetl_foreign_key_dependents', fetch_result=True) %}
    with recursive keys as (
      select table_name, lower(referenced_table) as referenced from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY' and lower(table_name) <> lower(referenced_table)
        and {{ hetl_duckdb_same_name('database_name', relation.database) }} and {{ hetl_duckdb_same_name('schema_name', relation.schema) }}
    ),
    reached as (
      select table_name, 1 as distance from keys where {{ hetl_duckdb_same_name('referenced', relation.identifier) }}
      union
      select keys.table_name, distance + 1 from keys join reached on keys.referenced = lower(reached.table_name)
    )
    select table_name, string_agg(distinct referenced, chr(10)) from reached join keys using (table_name)
    group by table_name order by max(distance) desc, table_name
  {% endcall %}
  {% set dependents = {} %}
  {% for row in load_result('hetl_foreign_key_dependents').table %}{% do dependents.update({row[0]: row[1].split('\n')}) %}{% endfor %}
  {% do return(dependents) %}
{% endmacro %}

{# Why a table must not be dropped, or nothing where this run will make it anew. #}
{% macro hetl_foreign_key_obstacle(node, upstream_ids) %}
  {% if node is none %}{% do return('not built by a dbt model in this project') %}{% endif %}
  {% if node.unique_id not in selected_resources %}{% do return('model ' ~ node.name ~ ' is not selected in this run') %}{% endif %}
  {% if not upstream_ids | select('in', node.depends_on.nodes) | list %}
    {% do return('model ' ~ node.name ~ ' does not ref() the table its foreign key points at, so it may not be rebuilt afterwards; use `to: ref(...)` in the constraint') %}
  {% endif %}
  {% set full_refresh = flags.FULL_REFRESH if node.config.full_refresh is none else node.config.full_refresh %}
  {% if node.config.materialized == 'table' or (node.config.materialized == 'incremental' and full_refresh) %}{% do return('') %}{% endif %}
  {% do return('model ' ~ node.name ~ ' is materialized as ' ~ node.config.materialized ~ ' and would lose its data; run with --full-refresh') %}
{% endmacro %}

{# Drops the dependents, keeping copies; answers with [{relation, backup}] for restore_foreign_key_dependents. #}
{% macro drop_foreign_key_dependents(relation) %}
  {% set dependents = hetl_foreign_key_dependents(relation) %}
  {% if not dependents %}{% do return([]) %}{% endif %}
  {% set nodes = {} %}
  {% for node in graph.nodes.values() if node.resource_type == 'model'
      and (node.database or '') | lower == (relation.database or '') | lower and node.schema | lower == relation.schema | lower %}
    {% do nodes.update({(node.alias or node.name) | lower: node}) %}
  {% endfor %}
  {% set chain = {relation.identifier | lower: model.unique_id} %}
  {% for table in dependents if table | lower in nodes %}{% do chain.update({table | lower: nodes[table | lower].unique_id}) %}{% endfor %}
  {% set obstacles = [] %}
  {% for table, referenced in dependents.items() %}
    {% set upstream_ids = [] %}
    {% for name in referenced if name in chain %}{% do upstream_ids.append(chain[name]) %}{% endfor %}
    {% set obstacle = hetl_foreign_key_obstacle(nodes.get(table | lower), upstream_ids) %}
    {% if obstacle %}{% do obstacles.append(table ~ ' (' ~ obstacle ~ ')') %}{% endif %}
  {% endfor %}
  {% if obstacles %}
    {% do exceptions.raise_compiler_error('Cannot replace ' ~ relation ~ ' because DuckDB does not allow replacing a table that a foreign key '
      ~ 'references, and only referencing tables that this run will rebuild can be dropped. Problem tables: ' ~ obstacles | join('; ')) %}
  {% endif %}
  {% set dropped = [] %}
  {% for table in dependents %}
    {% set dependent = api.Relation.create(database=relation.database, schema=relation.schema, identifier=table, type='table') %}
    {% set backup = make_backup_relation(dependent, 'table', '__dbt_fk_backup') %}
    {% do log('Dropping ' ~ dependent ~ ' because it references ' ~ relation ~ ' through a foreign key; it is rebuilt later in this run', info=True) %}
    {% do adapter.drop_relation(backup) %}
    {% call statement('backup_foreign_key_dependent_' ~ loop.index) %}create table {{ backup }} as select * from {{ dependent }}{% endcall %}
    {% do adapter.drop_relation(dependent) %}
    {% do dropped.append({'relation': dependent, 'backup': backup}) %}
  {% endfor %}
  {% do return(dropped) %}
{% endmacro %}

{% macro restore_foreign_key_dependents(dropped) %}
  {% for item in dropped | reverse %}
    {% do log('Restoring data for ' ~ item['relation'] ~ '; its constraints are rebuilt later in this run', info=True) %}
    {% do adapter.rename_relation(item['backup'], item['relation']) %}
  {% endfor %}
{% endmacro %}
