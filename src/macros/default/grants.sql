{# Privileges: brings those of a relation into line with the `grants` config. #}

{# Do privileges survive when a relation is replaced? If so they are compared with the config first. #}
{% macro copy_grants() %}
  {{- return(adapter.dispatch('copy_grants', 'dbt')()) -}}
{% endmacro %}

{% macro default__copy_grants() %}
  {% do return(True) %}
{% endmacro %}

{% macro support_multiple_grantees_per_dcl_statement() %}
  {{- return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) -}}
{% endmacro %}

{% macro default__support_multiple_grantees_per_dcl_statement() %}
  {% do return(True) %}
{% endmacro %}

{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
  {% if not existing_relation %}{% do return(False) %}{% endif %}
  {% do return(copy_grants() if full_refresh_mode else True) %}
{% endmacro %}

{% macro get_show_grant_sql(relation) %}
  {{- return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) -}}
{% endmacro %}

{% macro default__get_show_grant_sql(relation) %}
  {{- 'show grants on ' ~ relation.render() -}}
{% endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) %}
  {{- return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) -}}
{% endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) %}
  {{- 'grant ' ~ privilege ~ ' on ' ~ relation.render() ~ ' to ' ~ grantees | join(', ') -}}
{% endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) %}
  {{- return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) -}}
{% endmacro %}

{% macro default__get_revoke_sql(relation, privilege, grantees) %}
  {{- 'revoke ' ~ privilege ~ ' on ' ~ relation.render() ~ ' from ' ~ get_quoted_csv(grantees) -}}
{% endmacro %}

{# One statement for each privilege, or one for each privilege and grantee where the warehouse needs it. #}
{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
  {{- return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) -}}
{% endmacro %}

{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
  {% set together = support_multiple_grantees_per_dcl_statement() %}
  {% set statements = [] %}
  {% for privilege, grantees in grant_config.items() if grantees %}
    {% for group in ([grantees] if together else grantees | batch(1)) %}
      {% do statements.append(get_dcl_macro(relation, privilege, group)) %}
    {% endfor %}
  {% endfor %}
  {% do return(statements) %}
{% endmacro %}

{% macro call_dcl_statements(dcl_statement_list) %}
  {{- return(adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list)) -}}
{% endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) %}
  {% call statement('grants') %}
    {%- for code in dcl_statement_list %}{{ code }};
    {% endfor -%}
  {% endcall %}
{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke) %}
  {{- return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) -}}
{% endmacro %}

{% macro default__apply_grants(relation, grant_config, should_revoke=True) %}
  {% if not grant_config %}{% do return('') %}{% endif %}
  {% set present = {} %}
  {% if should_revoke %}
    {% set present = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) %}
  {% endif %}
  {% set excess = diff_of_two_dicts(present, grant_config) %}
  {% set missing = diff_of_two_dicts(grant_config, present) %}
  {% set statements = get_dcl_statement_list(relation, excess, get_revoke_sql)
                    + get_dcl_statement_list(relation, missing, get_grant_sql) %}
  {% if statements %}
    {% do call_dcl_statements(statements) %}
  {% else %}
    {% do log('On ' ~ relation.render() ~ ': All grants are in place, no revocation or granting needed.') %}
  {% endif %}
{% endmacro %}
