{# A copy of a table, with its indexes, constraints, comments, owner and grants. #}

{# What a copy would lose, in words, one a row. #}
{% macro hetl_postgres_uncopied(relation) %}
  {% set oid = hetl_postgres_text(relation.render()) ~ '::regclass' %}
  {% do return(run_query("
    select 'row level security' where exists (select from pg_catalog.pg_class where oid = " ~ oid ~ " and relrowsecurity)
    union all select 'trigger ' || tgname from pg_catalog.pg_trigger where tgrelid = " ~ oid ~ " and not tgisinternal
    union all select 'foreign key ' || conname from pg_catalog.pg_constraint where conrelid = " ~ oid ~ " and contype = 'f'
    union all select 'partitions' where exists (select from pg_catalog.pg_inherits where " ~ oid ~ " in (inhrelid, inhparent))
    union all select 'column ' || attname || ', which has values of its own making' from pg_catalog.pg_attribute
      where attrelid = " ~ oid ~ " and (attidentity <> '' or attgenerated <> '')
    union all select 'sequence ' || sequence.relname from pg_catalog.pg_depend need join pg_catalog.pg_class sequence on sequence.oid = need.objid
      where need.refobjid = " ~ oid ~ " and need.deptype = 'a' and sequence.relkind = 'S'")) %}
{% endmacro %}

{# Statements that give the copy the owner, grants and comment of the table. #}
{% macro hetl_postgres_belongings(from_relation, to_relation) %}
  {% set oid = hetl_postgres_text(from_relation.render()) ~ '::regclass' %}
  {% set name = hetl_postgres_text(to_relation.render()) %}
  {% set grant = "format('grant %s%s on %s to %s%s', entry.privilege_type, entry.part, " ~ name ~ ",
      case when entry.grantee = 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(entry.grantee)) end,
      case when entry.is_grantable then ' with grant option' else '' end)" %}
  {% do return(run_query("
    select " ~ grant ~ " from (
      select entry.*, '' as part, named.relowner from pg_catalog.pg_class named, aclexplode(named.relacl) entry where named.oid = " ~ oid ~ "
      union all
      select entry.*, format(' (%I)', attribute.attname), named.relowner
      from pg_catalog.pg_class named join pg_catalog.pg_attribute attribute on attribute.attrelid = named.oid, aclexplode(attribute.attacl) entry
      where named.oid = " ~ oid ~ ") as entry
    where entry.grantee <> entry.relowner
    union all
    select format('comment on table %s is %L', " ~ name ~ ", description) from pg_catalog.obj_description(" ~ oid ~ ", 'pg_class') description
    where description is not null
    union all
    select format('alter table %s owner to %I', " ~ name ~ ", pg_catalog.pg_get_userbyid(relowner)) from pg_catalog.pg_class
    where oid = " ~ oid ~ " and pg_catalog.pg_get_userbyid(relowner) <> current_user") | map(attribute=0) | list) %}
{% endmacro %}

{% macro postgres__hetl_copy_relation(from_relation, to_relation, with_rows) %}
  {% set lost = hetl_postgres_uncopied(from_relation) | map(attribute=0) | list %}
  {% if lost %}
    {% do exceptions.raise_compiler_error(from_relation.render() ~ ' cannot be copied, and so not be published with the whole run, because the copy would lose: '
      ~ lost | join(', ') ~ '. `--publish audited` changes it in place') %}
  {% endif %}
  {% set is_unlogged = run_query("select relpersistence = 'u' from pg_catalog.pg_class where oid = " ~ hetl_postgres_text(from_relation.render()) ~ "::regclass")[0][0] %}
  {% call statement('hetl_copy') %}
    create {{ 'unlogged ' if is_unlogged }}table {{ to_relation }} (like {{ from_relation }} including all);
    {% if with_rows %}insert into {{ to_relation }} select * from {{ from_relation }};{% endif %}
  {% endcall %}
  {% for code in hetl_postgres_belongings(from_relation, to_relation) %}
    {% call statement('hetl_copy_belongings') %}{{ code }}{% endcall %}
  {% endfor %}
{% endmacro %}
