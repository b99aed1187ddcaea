{#- The last line of a run: how many nodes there were, and the tests that failed by name.
    A hook must give SQL or nothing; this one only writes to the log. -#}
{% macro report_outcome(results) -%}
    {%- if execute -%}
        {%- set failed = [] -%}
        {%- for result in results if result.status | string in ('fail', 'error') -%}
            {%- do failed.append(result.node.name) -%}
        {%- endfor -%}
        {%- if results | length > 0 -%}
            {%- do log(results | length ~ ' nodes, ' ~ failed | length ~ ' of them not well'
                       ~ (': ' ~ failed | join(', ') if failed else ''), info=true) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
