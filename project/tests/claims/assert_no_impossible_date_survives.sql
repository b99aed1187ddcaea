-- What the macro makes of dates that exist and of dates that do not.
{% set cases = {
    '11/30/2001': "cast('2001-11-30' as date)",
    '11/31/2001': 'null',
    '02/29/2000': "cast('2000-02-29' as date)",
    '02/29/1900': 'null',
    '13/01/2001': 'null',
    '1/1/2001': 'null',
    '': 'null',
} %}

select *
from (
    {% for sent, expected in cases.items() %}
    select sent, {{ parse_date('sent', 'MM/DD/YYYY') }} as parsed, cast({{ expected }} as date) as expected
    from (select '{{ sent }}' as sent) as given
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
) as tried
where parsed is distinct from expected
