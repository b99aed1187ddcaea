{#- Two versions of one key must not be valid at the same moment. -#}
{% test versions_do_not_overlap(model, key, valid_from='valid_from', valid_to='valid_to') %}
select {{ key }}, {{ valid_from }}, {{ valid_to }}, next_valid_from
from (
    select
        {{ key }},
        {{ valid_from }},
        {{ valid_to }},
        lead({{ valid_from }}) over (partition by {{ key }} order by {{ valid_from }}) as next_valid_from
    from {{ model }}
) as versions
where next_valid_from < {{ valid_to }} or {{ valid_to }} <= {{ valid_from }}
{% endtest %}
