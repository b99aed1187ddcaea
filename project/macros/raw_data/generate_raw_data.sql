{#-
    Writes the raw data of the whole platform: CSV seeds under <folder>/seeds and files that are read
    in place under <folder>/raw_data. What is committed was written by this macro at scale 0.05:

        run-operation generate_raw_data                                    # the committed files, byte for byte
        run-operation generate_raw_data --args '{scale: 1.0}'              # 7,000 patients, 70,000 blood tests
        run-operation generate_raw_data --args '{scale: 1.0, folder: /tmp/big}'   # elsewhere

    Nothing in it is random: every value is computed from a hash of its row's key. It speaks
    DuckDB only, because only there `copy` writes files on the machine where the project is.
-#}
{% macro generate_raw_data(scale=0.05, folder='.') %}
    {% if target.type != 'duckdb' %}
        {{ exceptions.raise_compiler_error('generate_raw_data needs a DuckDB target, not ' ~ target.type) }}
    {% endif %}
    {% do make_folder(folder) %}
    {% for domain in ['wearables', 'blood_tests', 'heart_rates', 'claims', 'tracker'] %}
        {% set generate = context.get('generate_' ~ domain ~ '_raw_data') %}
        {% if generate %}
            {% do generate(scale, folder) %}
            {% do log('raw data of ' ~ domain ~ ' written at scale ' ~ scale, info=true) %}
        {% endif %}
    {% endfor %}
{% endmacro %}
