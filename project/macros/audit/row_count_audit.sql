{% macro row_count_audit() -%}
    {{ return(target.schema ~ '.row_count_audit') }}
{%- endmacro %}

{#- Run once before anything is built. -#}
{% macro create_row_count_audit() -%}
    create schema if not exists {{ target.schema }};
    create table if not exists {{ row_count_audit() }} (
        relation_name varchar(200),
        row_count bigint
    );
{%- endmacro %}

{#- Two hooks of a fact table: forget its old count before it is built, write the new one after. -#}
{% macro forget_row_count(relation) -%}
    delete from {{ row_count_audit() }} where relation_name = '{{ relation.schema }}.{{ relation.identifier }}'
{%- endmacro %}

{% macro record_row_count(relation) -%}
    insert into {{ row_count_audit() }}
    select '{{ relation.schema }}.{{ relation.identifier }}', count(*) from {{ relation }}
{%- endmacro %}
