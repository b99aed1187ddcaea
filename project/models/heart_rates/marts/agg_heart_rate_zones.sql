select
    user_id,
    zone,
    count(*) as measurements,
    cast(avg(heart_rate) as decimal(5, 1)) as average_heart_rate,
    max(heart_rate) as greatest_heart_rate
from {{ ref('int_heart_rates__measurements_zoned') }}
group by user_id, zone
