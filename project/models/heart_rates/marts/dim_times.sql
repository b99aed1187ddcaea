-- One row a second of the day.
with numbers as (
    {{ dbt.generate_series(86400) }}
),

seconds as (
    select cast(generated_number - 1 as integer) as second_of_day from numbers
),

parts as (
    select
        second_of_day,
        cast(floor(second_of_day / 3600.0) as integer) as hour,
        cast(floor(second_of_day / 60.0) as integer) % 60 as minute,
        second_of_day % 60 as second
    from seconds
)

select
    second_of_day as time_key,
    lpad(cast(hour as varchar(2)), 2, '0') || ':' || lpad(cast(minute as varchar(2)), 2, '0')
        || ':' || lpad(cast(second as varchar(2)), 2, '0') as time_of_day,
    hour,
    minute,
    second,
    case
        when hour < 6 then 'night'
        when hour < 12 then 'morning'
        when hour < 18 then 'afternoon'
        else 'evening'
    end as part_of_day
from parts
