{# What is lost when a table is replaced: told with figures, and refused where the model says `meta: {hetl: {protect: history}}`. #}

{% macro hetl_protects_history() %}
  {% set wish = ((config.get('meta') or {}).get('hetl') or {}).get('protect') %}
  {% if wish is not none and wish != 'history' %}
    {% do exceptions.raise_compiler_error("`protect` can be history, not '" ~ wish ~ "'") %}
  {% endif %}
  {% do return(wish == 'history') %}
{% endmacro %}

{# The figures of a table that is about to be replaced; none where there is no table to compare with. #}
{% macro hetl_history_figures(relation) %}
  {% if relation is none or not relation.is_table %}{% do return(none) %}{% endif %}
  {% if model.batch %}
    {# Only the first batch replaces the table, and the others are not there yet to be counted. #}
    {% if hetl_protects_history() and not flags.get('CONFIRM_LOSS') %}
      {% do exceptions.raise_compiler_error('the history of ' ~ relation.render() ~ ' is protected, and a full refresh builds it batch by batch; `--confirm-loss` does it all the same') %}
    {% endif %}
    {% do return(none) %}
  {% endif %}
  {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
  {% set event_time = config.get('event_time') %}
  {% set has_time = event_time and event_time | lower in (columns | map('lower') | list) %}
  {% set counted = run_query('select count(*), ' ~ ('min(' ~ event_time ~ ')' if has_time else 'null') ~ ' from ' ~ relation)[0] %}
  {% do return({'rows': counted[0], 'columns': columns, 'first': counted[1]}) %}
{% endmacro %}

{# Compares what was there with the table that takes its place; says whether something is lost. #}
{% macro hetl_compare_history(before, relation, name) %}
  {% if before is none %}{% do return(false) %}{% endif %}
  {% set now = hetl_history_figures(relation.incorporate(type='table')) %}
  {% set losses = [] %}
  {% if now.rows < before.rows %}{% do losses.append((before.rows - now.rows) ~ ' of ' ~ before.rows ~ ' rows') %}{% endif %}
  {% set kept = now.columns | map('lower') | list %}
  {% set dropped = [] %}
  {% for column in before.columns if column | lower not in kept %}{% do dropped.append(column) %}{% endfor %}
  {% if dropped %}{% do losses.append('the columns ' ~ dropped | join(', ')) %}{% endif %}
  {% if before.first is not none and (now.first is none or now.first > before.first) %}
    {% do losses.append('the time before ' ~ (now.first or 'now') ~ ' (it began at ' ~ before.first ~ ')') %}
  {% endif %}
  {% do hetl_tell_loss(name, losses) %}
  {% do return(losses | length > 0) %}
{% endmacro %}

{# What a relation that does not exist yet will replace: in a run that is published as a whole it has another name until then. #}
{% macro hetl_replaced_relation(existing_relation) %}
  {% if existing_relation is not none %}{% do return(existing_relation) %}{% endif %}
  {% do return(load_cached_relation(adapter.hetl_live_relation())) %}
{% endmacro %}

{# The same of columns that `on_schema_change` is about to drop, with the values that are in them. #}
{% macro hetl_compare_dropped_columns(relation, columns) %}
  {% set counts = [] %}
  {% for column in columns %}{% do counts.append('count(' ~ adapter.quote(column.name) ~ ')') %}{% endfor %}
  {% set counted = run_query('select ' ~ counts | join(', ') ~ ' from ' ~ relation)[0] %}
  {% set losses = [] %}
  {% for column in columns %}
    {% set values = counted[loop.index0] %}
    {% if values %}{% do losses.append('the column ' ~ column.name ~ ' with ' ~ values ~ ' values') %}{% endif %}
  {% endfor %}
  {% do hetl_tell_loss(relation, losses) %}
  {# A staged copy is replaced as a whole, and what it replaces is kept. #}
  {% if losses and not model.batch and not hetl_keeps_previous() and this.identifier == adapter.hetl_live_relation().identifier %}
    {% do hetl_keep_copy(relation, true) %}
  {% endif %}
{% endmacro %}

{% macro hetl_tell_loss(relation, losses) %}
  {% if losses %}
    {% set message = relation.render() ~ ' loses ' ~ losses | join('; ') %}
    {% if hetl_protects_history() and not flags.get('CONFIRM_LOSS') %}
      {% do exceptions.raise_compiler_error(message ~ '. Its history is protected, so nothing was changed; `--confirm-loss` does it all the same') %}
    {% endif %}
    {% do log(message, info=true) %}
  {% endif %}
{% endmacro %}
