-- Per client and field: how many values were sent, and how many of them mean nothing.
{% set fields = [
    ('int_claims__claims_cleaned', 'claims', 'service_date', 'service_date_text'),
    ('int_claims__claims_cleaned', 'claims', 'provider_state', 'state_text'),
    ('int_claims__claims_cleaned', 'claims', 'provider_zip', 'zip_text'),
    ('int_claims__registrations_cleaned', 'registrations', 'birth_date', 'birth_date_text'),
    ('int_claims__registrations_cleaned', 'registrations', 'state', 'state_text'),
    ('int_claims__registrations_cleaned', 'registrations', 'zip', 'zip_text'),
] %}

with counted as (
    {% for model, file, clean, sent in fields %}
    select
        client,
        '{{ file }}' as file,
        '{{ clean }}' as field,
        count({{ sent }}) as sent_values,
        count(case when {{ sent }} is not null and {{ clean }} is null then 1 end) as unusable_values
    from {{ ref(model) }}
    group by client
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    *,
    cast(100.0 * unusable_values / nullif(sent_values, 0) as decimal(5, 2)) as unusable_percent
from counted
