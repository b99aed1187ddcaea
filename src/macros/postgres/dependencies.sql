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
