{# Files outside the database: where they are, and how they are written. #}

{# A partitioned model is a folder, any other one a file, below the profile's external root. #}
{% macro external_location(relation, config) %}
  {%- set partitioned = config.get('options', {}).get('partition_by') is not none -%}
  {{- adapter.external_root() ~ '/' ~ relation.identifier ~ ('' if partitioned else '.' ~ config.get('format', 'parquet')) -}}
{% endmacro %}

{% macro location_exists(location) %}
  {% do return(adapter.location_exists(location)) %}
{% endmacro %}

{% macro write_to_file(relation, location, options) %}
  {% call statement('write_to_file') %}copy {{ relation }} to '{{ location }}' ({{ options }}){% endcall %}
{% endmacro %}

{% macro store_relation(plugin, relation, location, format, config) %}
  {% do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) %}
{% endmacro %}

{# The `options` config rendered; `format` and `delimiter` may also stand beside it. #}
{% macro render_write_options(config) %}
  {% set given = config.get('options', {}) %}
  {% if given is not mapping %}{% do exceptions.raise_compiler_error('The options argument must be a dictionary') %}{% endif %}
  {% set options = {} %}
  {% for name, value in given.items() %}{% do options.update({name: render(value) if value is string else value}) %}{% endfor %}
  {% for name in ['format', 'delimiter'] if config.get(name) %}{% do options.update({name: render(config.get(name))}) %}{% endfor %}
  {% do return(options) %}
{% endmacro %}

{# For on-run-start, where the database is in memory: views on the files of external models that this run reads but does not build. #}
{% macro register_upstream_external_models() %}
  {% if not execute %}{% do return('') %}{% endif %}
  {% set upstream_ids = [] %}
  {% for unique_id in selected_resources if unique_id in graph['nodes'] %}
    {% for upstream_id in graph['nodes'][unique_id]['depends_on']['nodes'] if upstream_id not in selected_resources and upstream_id not in upstream_ids %}
      {% do upstream_ids.append(upstream_id) %}
    {% endfor %}
  {% endfor %}
  {% set schemas = [] %}
  {% for upstream_id in upstream_ids %}
    {% set node = graph['nodes'].get(upstream_id) %}
    {% if node and node.resource_type in ('model', 'seed') and node.config.materialized == 'external' %}
      {% set relation = api.Relation.create(database=node['database'], schema=node['schema'], identifier=node['alias']) %}
      {% set location = node.config.get('location', external_location(relation, node.config)) %}
      {% set files = adapter.external_read_location(location, render_write_options(node.config)) %}
      {% if relation.schema not in schemas %}
        {% call statement() %}create schema if not exists {{ relation.without_identifier() }}{% endcall %}
        {% do schemas.append(relation.schema) %}
      {% endif %}
      {% call statement() %}create or replace view {{ relation }} as (select * from '{{ files }}');{% endcall %}
    {% endif %}
  {% endfor %}
  {% if schemas %}{% do adapter.commit() %}{% endif %}
{% endmacro %}
