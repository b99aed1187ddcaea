-- Says of every test why it cannot be right, if so. Nothing is removed here: the facts take the rows
-- without a reason, `rejected_blood_tests` the others, and together they are all.
{% set reasons = {
    'pressure exchanged': 'ap_lo > ap_hi and ap_hi > 0',
    'systolic out of range': 'ap_hi not between ' ~ var('systolic_least') ~ ' and ' ~ var('systolic_most'),
    'diastolic out of range': 'ap_lo not between ' ~ var('diastolic_least') ~ ' and ' ~ var('diastolic_most'),
    'level unknown': 'cholesterol not in (1, 2, 3) or gluc not in (1, 2, 3)',
} %}

select
    *,
    {{ first_reason(reasons) }} as rejected_because
from {{ ref('stg_blood_tests__tests') }}
