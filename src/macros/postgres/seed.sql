{# Seeds: PostgreSQL copies the rows, into a table whose columns are already typed. #}

{% macro postgres__load_csv_rows(model, agate_table) %}
  {% set columns = get_seed_column_quoted_csv(model, agate_table.column_names) %}
  {# The table of an earlier run may have its columns in another order, or more of them. #}
  {% set names = [] %}
  {% for name in agate_table.column_names %}
    {% set is_quoted = adapter.quote_seed_column(name, model['config'].get('quote_columns', none)) != name %}
    {% do names.append(name if is_quoted else name | lower) %}
  {% endfor %}
  {% do adapter.load_dataframe(this.database, this.schema, this.identifier, agate_table, names) %}
  {% do return('copy ' ~ this.render() ~ ' (' ~ columns ~ ') from stdin with (format csv)') %}
{% endmacro %}

{# A full refresh takes the views on a seed along, as dbt does; where foreign views are to stay, the old table stands aside until the views on it
   read the new one. #}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {% if not full_refresh or hetl_postgres_drops_foreign_views() %}{% do return(default__reset_csv_table(model, full_refresh, old_relation, agate_table)) %}{% endif %}
  {% set backup_relation = make_backup_relation(old_relation, 'table') %}
  {% do drop_relation_if_exists(load_cached_relation(backup_relation)) %}
  {% set views = hetl_postgres_lasting_views(old_relation) %}
  {% do adapter.rename_relation(old_relation, backup_relation) %}
  {% set code = create_csv_table(model, agate_table) %}
  {% do hetl_postgres_rebind_views(views, backup_relation, old_relation) %}
  {% do adapter.drop_relation(backup_relation) %}
  {% do return(code) %}
{% endmacro %}
