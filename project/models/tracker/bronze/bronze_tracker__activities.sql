with typed as (
    select
        folder_date,
        {{ json_columns({
            'activity_id': ['activity_id', 'varchar(16)'],
            'user_id': ['user_id', 'varchar(8)'],
            'activity_type': ['type', 'varchar(16)'],
            'started_at': ['start', 'timestamp'],
            'duration_seconds': ['seconds', 'integer'],
            'distance_meters': ['meters', 'integer'],
            'calories': ['calories', 'integer'],
            'average_heart_rate': ['heart_rate.average', 'integer'],
            'greatest_heart_rate': ['heart_rate.greatest', 'integer'],
            'pool_lengths': ['pool.lengths', 'integer'],
            'swolf': ['pool.swolf', 'integer'],
        }) }}
    from {{ ref('raw_tracker__activities') }}
)

select * from typed
