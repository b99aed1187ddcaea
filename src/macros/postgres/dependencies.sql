{# Which views need which relations. #}

{# One row for each view (dependent) and relation that its query reads (referenced), system catalogs aside. #}
{% macro postgres__get_relations() %}
  {% do return(run_query("
    select distinct
      view_schema.nspname as dependent_schema,
      view.relname as dependent_name,
      read_schema.nspname as referenced_schema,
      read.relname as referenced_name
    from pg_catalog.pg_rewrite as rule
    join pg_catalog.pg_class as view on view.oid = rule.ev_class
    join pg_catalog.pg_namespace as view_schema on view_schema.oid = view.relnamespace
    join pg_catalog.pg_depend as need
      on need.classid = 'pg_catalog.pg_rewrite'::regclass and need.objid = rule.oid
      and need.refclassid = 'pg_catalog.pg_class'::regclass and need.refobjid <> view.oid
    join pg_catalog.pg_class as read on read.oid = need.refobjid
    join pg_catalog.pg_namespace as read_schema on read_schema.oid = read.relnamespace
    where read_schema.nspname <> 'information_schema' and left(read_schema.nspname, 3) <> 'pg_'
      and view_schema.nspname <> 'information_schema' and left(view_schema.nspname, 3) <> 'pg_'
    order by 1, 2, 3, 4")) %}
{% endmacro %}

{% macro postgres_get_relations() %}
  {% do return(postgres__get_relations()) %}
{% endmacro %}

{# Views that read a relation, also through others, and that no node of the project is: schema and name of each. #}
{% macro hetl_postgres_foreign_dependents(relation) %}
  {% set found = run_query("
    with recursive dependent as (
      select named.oid, 0 as distance
      from pg_catalog.pg_class as named
      join pg_catalog.pg_namespace as schema on schema.oid = named.relnamespace
      where schema.nspname = " ~ hetl_postgres_text(relation.schema) ~ " and named.relname = " ~ hetl_postgres_text(relation.identifier) ~ "
      union
      select rule.ev_class, 1
      from dependent
      join pg_catalog.pg_depend as need on need.refobjid = dependent.oid
      join pg_catalog.pg_rewrite as rule on rule.oid = need.objid and rule.ev_class <> dependent.oid
    )
    select distinct schema.nspname, named.relname
    from dependent
    join pg_catalog.pg_class as named on named.oid = dependent.oid
    join pg_catalog.pg_namespace as schema on schema.oid = named.relnamespace
    where dependent.distance > 0
    order by 1, 2") %}
  {% set own = [] %}
  {% for node in graph.nodes.values() %}{% do own.append((node.schema ~ '.' ~ node.alias) | lower) %}{% endfor %}
  {% set foreign = [] %}
  {% for row in found if (row[0] ~ '.' ~ row[1]) | lower not in own %}{% do foreign.append(row[0] ~ '.' ~ row[1]) %}{% endfor %}
  {% do return(foreign) %}
{% endmacro %}

{# dbt drops whatever reads the old relation. `meta: {hetl: {drop_foreign_views: false}}` stops instead where that would hit somebody else. #}
{% macro postgres__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {% set wishes = (config.get('meta') or {}).get('hetl') or {} %}
  {% if existing_relation is not none and wishes.get('drop_foreign_views', true) == false %}
    {% set foreign = hetl_postgres_foreign_dependents(existing_relation) %}
    {% if foreign %}
      {% do exceptions.raise_compiler_error('replacing ' ~ existing_relation.render() ~ ' would drop views that are not of this project: '
        ~ foreign | join(', ') ~ '. Drop them yourself, or remove `drop_foreign_views: false`') %}
    {% endif %}
  {% endif %}
  {% do default__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
{% endmacro %}
