with typed as (
    select
        folder_date,
        {{ json_columns({
            'user_id': ['user_id', 'varchar(8)'],
            'day': ['date', 'date'],
            'fell_asleep_at': ['from', 'timestamp'],
            'woke_up_at': ['to', 'timestamp'],
            'deep_seconds': ['stage_seconds.deep', 'integer'],
            'light_seconds': ['stage_seconds.light', 'integer'],
            'rem_seconds': ['stage_seconds.rem', 'integer'],
            'awake_seconds': ['stage_seconds.awake', 'integer'],
            'score': ['score', 'integer'],
        }) }}
    from {{ ref('raw_tracker__sleep') }}
)

select * from typed
