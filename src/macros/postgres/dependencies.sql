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
  {% set foreign = [] %}
  {% for row in found if not adapter.is_of_project(row[0], row[1]) %}{% do foreign.append(row[0] ~ '.' ~ row[1]) %}{% endfor %}
  {% do return(foreign) %}
{% endmacro %}

{# dbt drops whatever reads the old relation. `meta: {hetl: {drop_foreign_views: false}}` keeps what is somebody else's, or stops. #}
{% macro hetl_postgres_drops_foreign_views() %}
  {% set wishes = (config.get('meta') or {}).get('hetl') or {} %}
  {% do return(wishes.get('drop_foreign_views', true) != false) %}
{% endmacro %}

{# Views whose queries name a relation: schema, name, and a statement made of `code`, an expression on `view` and `schema`. #}
{% macro hetl_postgres_views_on(relation, code='null') %}
  {% do return(run_query("
    select schema.nspname, view.relname, " ~ code ~ "
    from pg_catalog.pg_class as view
    join pg_catalog.pg_namespace as schema on schema.oid = view.relnamespace
    where view.relkind = 'v' and view.oid in (
      select rule.ev_class
      from pg_catalog.pg_class as named
      join pg_catalog.pg_namespace as place on place.oid = named.relnamespace
      join pg_catalog.pg_depend as need
        on need.refclassid = 'pg_catalog.pg_class'::regclass and need.refobjid = named.oid
        and need.classid = 'pg_catalog.pg_rewrite'::regclass
      join pg_catalog.pg_rewrite as rule on rule.oid = need.objid and rule.ev_class <> named.oid
      where place.nspname = " ~ hetl_postgres_text(relation.schema) ~ " and named.relname = " ~ hetl_postgres_text(relation.identifier) ~ ")
    order by view.oid")) %}
{% endmacro %}

{# Runs statements one by one; one that fails changes nothing, and stops nothing. #}
{% macro hetl_postgres_try_each(statements) %}
  {% set block %}
begin
  {% for code in statements %}
  begin
    execute {{ hetl_postgres_text(code) }};
  exception when others then null;
  end;
  {% endfor %}
end
  {% endset %}
  {% call statement('hetl_try_each') %}do {{ hetl_postgres_text(block) }}{% endcall %}
{% endmacro %}

{# Those of them that are to outlive the relation: this project's, or all. #}
{% macro hetl_postgres_own_views_on(relation, code) %}
  {% set own = [] %}
  {% for view in hetl_postgres_views_on(relation, code)
     if not hetl_postgres_drops_foreign_views() or adapter.is_of_project(view[0], view[1]) %}
    {% do own.append(view) %}
  {% endfor %}
  {% do return(own) %}
{% endmacro %}

{# The same, locked, each with the statement that makes it again as it is; its columns, grants and comments stay. The views are locked before the
   relation, which is the order in which a query locks them, so that readers and what follows cannot wait for each other. Their queries are asked
   for after that: another worker may just be moving a view that reads two tables. #}
{% macro hetl_postgres_lasting_views(relation) %}
  {% set views = hetl_postgres_own_views_on(relation,
    "format('alter view %I.%I owner to %I', schema.nspname, view.relname, pg_catalog.pg_get_userbyid(view.relowner))") %}
  {% if not views %}{% do return(views) %}{% endif %}
  {% do hetl_postgres_try_each(views | map(attribute=2)) %}
  {% do return(hetl_postgres_own_views_on(relation,
    "format('create or replace view %I.%I', schema.nspname, view.relname)
      || coalesce(' with (' || array_to_string(view.reloptions, ', ') || ')', '')
      || ' as ' || pg_catalog.pg_get_viewdef(view.oid)")) %}
{% endmacro %}

{# Lets views read the relation that now has the name which the old one had, in the transaction that gave it, so that they are never missing.
   A view that the new columns do not fit is dropped with the old relation, as in dbt, until its own model is built. #}
{% macro hetl_postgres_rebind_views(views, old_relation, new_relation) %}
  {% if views %}
    {% do hetl_postgres_try_each(views | map(attribute=2)) %}
    {% set lost = [] %}
    {% for view in hetl_postgres_views_on(old_relation) %}{% do lost.append(view[0] ~ '.' ~ view[1]) %}{% endfor %}
    {% for view in views if view[0] ~ '.' ~ view[1] not in lost %}
      {% set dependent = api.Relation.create(database=new_relation.database, schema=view[0], identifier=view[1], type='view') %}
      {% do adapter.cache_rebound(dependent, old_relation, new_relation) %}
    {% endfor %}
  {% endif %}
  {% if not hetl_postgres_drops_foreign_views() %}
    {% set foreign = hetl_postgres_foreign_dependents(old_relation) %}
    {% if foreign %}
      {% do exceptions.raise_compiler_error('replacing ' ~ new_relation.render() ~ ' would drop views that are not of this project: '
        ~ foreign | join(', ') ~ '. Drop them yourself, or remove `drop_foreign_views: false`') %}
    {% endif %}
  {% endif %}
{% endmacro %}

{% macro postgres__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {% set views = hetl_postgres_lasting_views(existing_relation) if existing_relation is not none else [] %}
  {% do default__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {% if existing_relation is not none %}{% do hetl_postgres_rebind_views(views, backup_relation, target_relation) %}{% endif %}
{% endmacro %}
