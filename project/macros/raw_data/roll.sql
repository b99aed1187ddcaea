{#- A whole number from 0 to sides - 1 that looks random and never changes: it depends only on the given
    expressions (a literal first, so that two rolls of one row differ). -#}
{% macro roll(sides, name, keys) -%}
    cast(md5_number_lower(concat_ws('|', '{{ name }}', {{ keys }})) % {{ sides }} as integer)
{%- endmacro %}

{#- One of several texts, chosen by such a number. -#}
{% macro pick(choices, name, keys) -%}
    (['{{ choices | join("', '") }}'])[1 + {{ roll(choices | length, name, keys) }}]
{%- endmacro %}

{% macro scaled(number, scale, least=1) -%}
    {{ return([(number * (scale | float)) | round | int, least] | max) }}
{%- endmacro %}

{% macro some_first_names() -%}
    {{ return(['Ada', 'Ben', 'Clara', 'David', 'Elif', 'Farid', 'Grace', 'Hana', 'Ivan', 'Julia', 'Kofi', 'Lena', 'Marek', 'Nina', 'Omar', 'Priya', 'Rosa', 'Sven', 'Tara', 'Yusuf']) }}
{%- endmacro %}

{% macro some_last_names() -%}
    {{ return(['Abbott', 'Berg', 'Costa', 'Dvorak', 'Eriksen', 'Fontaine', 'Garcia', 'Haddad', 'Ito', 'Jansen', 'Kumar', 'Lopez', 'Mbeki', 'Novak', 'Osei', 'Petrov', 'Quinn', 'Rossi', 'Sato', 'Weber']) }}
{%- endmacro %}
