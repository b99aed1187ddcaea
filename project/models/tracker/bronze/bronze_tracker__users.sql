-- The whole profile comes every day; what it said on each day is kept, since goals change.
with typed as (
    select
        folder_date,
        {{ json_columns({
            'user_id': ['id', 'varchar(8)'],
            'full_name': ['profile.name', 'varchar(64)'],
            'sex': ['profile.sex', 'varchar(8)'],
            'birth_date': ['profile.birth_date', 'date'],
            'steps_goal': ['goals.steps', 'integer'],
            'sleep_hours_goal': ['goals.sleep_hours', 'integer'],
        }) }}
    from {{ ref('raw_tracker__users') }}
)

select * from typed
