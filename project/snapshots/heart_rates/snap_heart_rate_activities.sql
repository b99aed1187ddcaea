{#- The strategy `check` compares columns and takes the time of the run for the time of the change.
    That is right where a source does not say when a record changed; here it does, and both can be compared. -#}
{% snapshot snap_heart_rate_activities %}
{{ config(
    unique_key='activity_id',
    strategy='check',
    check_cols=['activity_name', 'intensity'],
    hard_deletes='invalidate'
) }}

select
    activity_id,
    activity_name,
    intensity
from {{ ref('int_heart_rates__activities_current') }}

{% endsnapshot %}
