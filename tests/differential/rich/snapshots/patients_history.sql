{% snapshot patients_history %}
{{ config(unique_key='patient_id', strategy='check', check_cols=['name'], tags=['history']) }}
select * from {{ ref('stg_patients') }}
{% endsnapshot %}
