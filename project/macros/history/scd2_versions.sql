{#-
    Turns rows of change data capture into versions ("slowly changing dimension, type 2"). A version is valid from its
    change until the next change of the same key; the end of the last one is far away, so that joins need no null check.
    A row with the deleted marker ends the version before it and is no version itself.
-#}
{% macro scd2_versions(relation, key, changed_at='updated_at') -%}
    select *
    from (
        select
            *,
            {{ changed_at }} as valid_from,
            lead({{ changed_at }}, 1, {{ end_of_time() }}) over (
                partition by {{ key }}
                order by {{ changed_at }}
            ) as valid_to
        from {{ relation }}
    ) as versions
    where not deleted
{%- endmacro %}

{% macro end_of_time() -%}
    cast('9999-12-31' as timestamp)
{%- endmacro %}
