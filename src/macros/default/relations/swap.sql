{# Publishing: the finished relation takes the place of the old one, which is kept under a backup name until the commit. #}

{# Says whether the old relation stayed, with the rows of the new one. #}
{% macro hetl_publish_relation(existing_relation, intermediate_relation, target_relation, backup_relation, lost=false) %}
  {% do hetl_audit_relation(intermediate_relation, target_relation) %}
  {% if existing_relation is not none and existing_relation.is_table and adapter.hetl_publishes_in_place() %}
    {% do hetl_keep_copy(existing_relation, lost) %}
    {% set hindrance = adapter.hetl_replace_rows(existing_relation, intermediate_relation) %}
    {% if hindrance is none %}
      {% do adapter.drop_relation(intermediate_relation) %}
      {% do return(true) %}
    {% endif %}
    {% do log(target_relation.render() ~ ' is replaced as a whole and not published in place: ' ~ hindrance, info=true) %}
  {% endif %}
  {% do hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {% do return(false) %}
{% endmacro %}

{% macro hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {{- return(adapter.dispatch('hetl_swap_relation', 'dbt')(existing_relation, intermediate_relation, target_relation, backup_relation)) -}}
{% endmacro %}

{% macro default__hetl_swap_relation(existing_relation, intermediate_relation, target_relation, backup_relation) %}
  {# A hook may have dropped the old relation meanwhile, so look again. #}
  {% if existing_relation is not none and load_cached_relation(existing_relation) is not none %}
    {% do adapter.rename_relation(existing_relation, backup_relation) %}
  {% endif %}
  {% do adapter.rename_relation(intermediate_relation, target_relation) %}
{% endmacro %}

{# The end of what was replaced: it is dropped, or kept for `hetl rollback` where that is wished or something is lost with it. #}
{% macro hetl_retire_relation(backup_relation, target_relation, lost=false) %}
  {% if not (lost or hetl_keeps_previous()) or load_cached_relation(backup_relation) is none %}
    {% do drop_relation_if_exists(backup_relation) %}
  {% else %}
    {% set previous_relation = hetl_previous_relation(target_relation, backup_relation.type) %}
    {% do drop_relation_if_exists(load_cached_relation(previous_relation)) %}
    {% do adapter.rename_relation(backup_relation, previous_relation) %}
    {% do adapter.commit() %}
    {% if lost %}{% do hetl_tell_kept(previous_relation) %}{% endif %}
  {% endif %}
{% endmacro %}

{# Before a table is changed in place: a copy of it for `hetl rollback`, where that is wished or something is lost. #}
{% macro hetl_keep_copy(existing_relation, lost=false) %}
  {% if existing_relation is not none and (lost or hetl_keeps_previous()) %}
    {% set previous_relation = hetl_previous_relation(existing_relation, 'table') %}
    {% do drop_relation_if_exists(load_cached_relation(previous_relation)) %}
    {% do hetl_copy_relation(existing_relation, previous_relation, true) %}
    {% do adapter.cache_added(previous_relation) %}
    {% if lost %}{% do hetl_tell_kept(previous_relation) %}{% endif %}
  {% endif %}
{% endmacro %}

{% macro hetl_tell_kept(previous_relation) %}
  {% do log('What it was before is kept as ' ~ previous_relation.render() ~ '; `hetl rollback` brings it back', info=true) %}
{% endmacro %}

{% macro hetl_previous_relation(target_relation, type) %}
  {% do return(make_backup_relation(target_relation, type, '__hetl_previous')) %}
{% endmacro %}

{# The run's wish, or that of `meta: {hetl: {keep_generations: 1}}`. A run that is published by renaming keeps what it renames. #}
{% macro hetl_keeps_previous() %}
  {% if model.batch or this.identifier != adapter.hetl_live_relation().identifier %}{% do return(false) %}{% endif %}
  {% set wish = ((config.get('meta') or {}).get('hetl') or {}).get('keep_generations') %}
  {% if wish is not none and wish not in [0, 1] %}
    {% do exceptions.raise_compiler_error("`keep_generations` can be 0 or 1, not '" ~ wish ~ "'") %}
  {% endif %}
  {% do return(adapter.hetl_keeps_previous() if wish is none else wish == 1) %}
{% endmacro %}

{# In `build`: runs the tests that decide whether a relation is published. One that failed is put aside, and the materialization ends. #}
{% macro hetl_audit_relation(built_relation, target_relation) %}
  {% set candidate_relation = hetl_candidate_relation(target_relation) %}
  {% if not adapter.hetl_audit(built_relation) %}
    {% do adapter.rename_relation(built_relation, candidate_relation) %}
    {% do adapter.commit() %}
    {% do adapter.hetl_withhold(candidate_relation) %}
  {% endif %}
{% endmacro %}

{# Where a build is kept that was not published, until the node is built again. #}
{% macro hetl_candidate_relation(target_relation) %}
  {% do return(make_backup_relation(target_relation, target_relation.type, '__hetl_candidate')) %}
{% endmacro %}

{% macro hetl_drop_candidate(target_relation) %}
  {% do drop_relation_if_exists(load_cached_relation(hetl_candidate_relation(target_relation))) %}
{% endmacro %}

{# Must the table be made under its final name, because it could not be renamed afterwards? #}
{% macro hetl_must_build_in_place(existing_relation) %}
  {{- return(adapter.dispatch('hetl_must_build_in_place', 'dbt')(existing_relation)) -}}
{% endmacro %}

{% macro default__hetl_must_build_in_place(existing_relation) %}
  {% do return(false) %}
{% endmacro %}

{# The whole build under the final name: the old relation goes, the new one comes, all in one transaction. #}
{% macro hetl_build_in_place(existing_relation, target_relation, sql) %}
  {{- return(adapter.dispatch('hetl_build_in_place', 'dbt')(existing_relation, target_relation, sql)) -}}
{% endmacro %}

{% macro default__hetl_build_in_place(existing_relation, target_relation, sql) %}
  {% do drop_relation_if_exists(existing_relation) %}
  {% call statement('main') %}{{ get_create_table_as_sql(False, target_relation, sql) }}{% endcall %}
{% endmacro %}

{# In a run that is published as a whole: makes room for the relation under its staged name (`this`), and copies what is live where the node changes
   what is there. #}
{% macro hetl_stage_relation(live_relation) %}
  {% do drop_relation_if_exists(load_cached_relation(this)) %}
  {% set live = load_cached_relation(live_relation) %}
  {% if live is not none and live.is_table and hetl_changes_in_place() %}
    {% set staged_relation = this.incorporate(type='table') %}
    {% do hetl_copy_relation(live, staged_relation, model.resource_type != 'seed') %}
    {% do adapter.cache_added(staged_relation) %}
  {% endif %}
  {% do adapter.commit() %}
{% endmacro %}

{# Does the node go on with what is there? Of a materialization that is not built in, nothing is known but a full refresh. #}
{% macro hetl_changes_in_place() %}
  {% if model.resource_type == 'snapshot' %}{% do return(true) %}{% endif %}
  {% do return(config.get('materialized') not in ['table', 'view', 'materialized_view'] and not should_full_refresh()) %}
{% endmacro %}

{% macro hetl_copy_relation(from_relation, to_relation, with_rows) %}
  {{- return(adapter.dispatch('hetl_copy_relation', 'dbt')(from_relation, to_relation, with_rows)) -}}
{% endmacro %}

{% macro default__hetl_copy_relation(from_relation, to_relation, with_rows) %}
  {% call statement('hetl_copy') -%}
    create table {{ to_relation }} as select * from {{ from_relation }}{{ ' limit 0' if not with_rows }}
  {%- endcall %}
{% endmacro %}
