{#- The latest row of each key. It is a query, to be put into a CTE or a subquery, and it brings
    one more column, `version_rank` (always 1), since not every warehouse knows `qualify`. -#}
{% macro latest_version(relation, key, ordered_by) -%}
    select *
    from (
        select
            *,
            row_number() over (partition by {{ key }} order by {{ ordered_by }}) as version_rank
        from {{ relation }}
    ) as ranked
    where version_rank = 1
{%- endmacro %}
