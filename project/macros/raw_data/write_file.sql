{#- Makes a folder and its parents. `copy` makes one folder when it writes partitions, even no partitions. -#}
{% macro make_folder(path) %}
    {% set ns = namespace(path='/' if path.startswith('/') else '') %}
    {% for part in path.split('/') if part not in ('', '.') %}
        {% set ns.path = ns.path ~ part %}
        {% do run_query("copy (select 1 as kept, 2 as part where false) to '" ~ ns.path
                        ~ "' (format csv, partition_by (part), overwrite_or_ignore true)") %}
        {% set ns.path = ns.path ~ '/' %}
    {% endfor %}
{% endmacro %}

{#- Both are made for `call` blocks: the block is the query, the arguments are the file. -#}
{% macro write_csv(folder, name, delimiter=',') %}
    {% do make_folder(folder) %}
    {% do run_query("copy (" ~ caller() ~ ") to '" ~ folder ~ "/" ~ name
                    ~ "' (format csv, header true, delimiter '" ~ delimiter ~ "')") %}
{% endmacro %}

{% macro write_json(folder, name) %}
    {% do make_folder(folder) %}
    {% do run_query("copy (" ~ caller() ~ ") to '" ~ folder ~ "/" ~ name ~ "' (format json)") %}
{% endmacro %}
