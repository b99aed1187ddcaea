{# Privileges. #}

{# What the session's role gave to others; materialized views and functions too, which the information schema leaves out. #}
{% macro postgres__get_show_grant_sql(relation) %}
  {%- set kind = {'catalog': 'pg_proc', 'name': 'proname', 'schema': 'pronamespace', 'acl': 'proacl'} if relation.is_function
              else {'catalog': 'pg_class', 'name': 'relname', 'schema': 'relnamespace', 'acl': 'relacl'} -%}
  select distinct coalesce(grantee.rolname, 'public') as grantee, privilege.privilege_type
  from pg_catalog.{{ kind.catalog }} as object
  join pg_catalog.pg_namespace as schema on schema.oid = object.{{ kind.schema }}
  cross join lateral aclexplode(object.{{ kind.acl }}) as privilege
  join pg_catalog.pg_roles as grantor on grantor.oid = privilege.grantor
  left join pg_catalog.pg_roles as grantee on grantee.oid = privilege.grantee
  where grantor.rolname = current_role and grantee.rolname is distinct from current_role
    and schema.nspname = {{ hetl_postgres_text(relation.schema) }}
    and object.{{ kind.name }} = {{ hetl_postgres_text(relation.identifier) }}
{%- endmacro %}

{% macro postgres__get_grant_sql(relation, privilege, grantees) %}
  {{- 'grant ' ~ privilege ~ ' on ' ~ ('function ' if relation.is_function) ~ relation.render() ~ ' to ' ~ grantees | join(', ') -}}
{% endmacro %}

{# The names come from the catalog, so they are quoted, all but the word for everyone. #}
{% macro postgres__get_revoke_sql(relation, privilege, grantees) %}
  {%- set names = [] -%}
  {%- for grantee in grantees %}{% do names.append(grantee if grantee == 'public' else adapter.quote(grantee)) %}{% endfor -%}
  {{- 'revoke ' ~ privilege ~ ' on ' ~ ('function ' if relation.is_function) ~ relation.render() ~ ' from ' ~ names | join(', ') -}}
{% endmacro %}

{# A relation that is made anew has no privileges of the old one. #}
{% macro postgres__copy_grants() %}
  {% do return(False) %}
{% endmacro %}
