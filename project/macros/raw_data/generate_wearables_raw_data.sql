{#- Patients (a seed) and app results in three shapes, one file a month. One row in twenty is corrected some days later:
    the correction comes with the same id and a later modified_time. From March on the app sends two more fields. -#}
{% macro generate_wearables_raw_data(scale, folder) %}
    {% set patients = scaled(200, scale, 6) %}
    {% set raw = folder ~ '/raw_data/wearables' %}

    {% call write_csv(folder ~ '/seeds/wearables', 'wearable_patients.csv') %}
        select
            'W' || lpad(p::varchar, 5, '0') as patient_id,
            {{ pick(some_first_names(), 'first', 'p') }} as first_name,
            {{ pick(some_last_names(), 'last', 'p') }} as last_name,
            {{ pick(['female', 'male', 'other'], 'sex', 'p') }} as sex,
            date '1950-01-01' + {{ roll(20000, 'born', 'p') }} as birth_date,
            {{ pick(['Europe/Berlin', 'Europe/London', 'America/New_York'], 'zone', 'p') }} as time_zone,
            date '2023-06-01' + {{ roll(180, 'enrolled', 'p') }} as enrolled_on
        from range(1, {{ patients + 1 }}) as t(p)
        order by patient_id
    {% endcall %}

    {% set shapes = {
        'datetime_results': "values ('medication-taken', 2), ('woke-up-at', 3)",
        'integer_results': "values ('steps', 1), ('resting-heart-rate', 3), ('mood-score', 4), ('weight-grams', 7)",
        'range_results': "values ('sleep', 1), ('walk', 3)"
    } %}
    {% for shape, slugs in shapes.items() %}
        {% for month in ['2024-01', '2024-02', '2024-03'] %}
            {% call write_json(raw ~ '/' ~ shape, month ~ '.json') %}
                with measured as (
                    select
                        md5('{{ shape }}|' || slug || '|' || p || '|' || d)[:12] as result_id,
                        'W' || lpad(p::varchar, 5, '0') as patient_id,
                        slug as content_slug,
                        d::date as day,
                        d + interval 1 minute * (1200 + {{ roll(200, 'at', 'slug, p, d') }}) as created_time
                    from range(1, {{ patients + 1 }}) as t(p),
                        range(timestamp '2024-01-15', timestamp '2024-03-15', interval 1 day) as u(d),
                        ({{ slugs }}) as s(slug, every)
                    -- A patient forgets now and then, and not every content is asked for on every day.
                    where {{ roll(100, 'kept', 'slug, p, d') }} < 92
                        and (d::date - date '2024-01-01' + p) % every = 0
                ),

                versions as (
                    select *, 0 as version, created_time as modified_time from measured
                    union all
                    select *, 1, created_time + interval 1 hour * (20 + {{ roll(60, 'later', 'result_id') }})
                    from measured
                    where {{ roll(20, 'corrected', 'result_id') }} = 0
                )

                select
                    result_id,
                    patient_id,
                    content_slug,
                {% if shape == 'integer_results' %}
                    case content_slug
                        when 'steps' then 2000 + {{ roll(14000, 'steps', 'result_id, version') }}
                        when 'resting-heart-rate' then 48 + {{ roll(35, 'rest', 'result_id, version') }}
                        when 'mood-score' then 1 + {{ roll(10, 'mood', 'result_id, version') }}
                        else 52000 + 700 * {{ roll(60, 'weight', 'patient_id') }} + {{ roll(1500, 'weight', 'result_id, version') }}
                    end as value,
                {% elif shape == 'datetime_results' %}
                    strftime(day + interval 1 minute * (380 + {{ roll(180, 'when', 'result_id, version') }}), '%Y-%m-%dT%H:%M:%S') as value,
                {% else %}
                    strftime(
                        case content_slug
                            when 'sleep' then day - interval 1 minute * ({{ roll(150, 'bed', 'result_id, version') }})
                            else day + interval 1 minute * (700 + {{ roll(300, 'walk', 'result_id, version') }})
                        end, '%Y-%m-%dT%H:%M:%S') as value_from,
                    strftime(
                        case content_slug
                            when 'sleep' then day + interval 1 minute * (330 + {{ roll(160, 'up', 'result_id, version') }})
                            else day + interval 1 minute * (1010 + {{ roll(60, 'home', 'result_id, version') }})
                        end, '%Y-%m-%dT%H:%M:%S') as value_to,
                {% endif %}
                    strftime(created_time, '%Y-%m-%dT%H:%M:%S') as created_time,
                    strftime(modified_time, '%Y-%m-%dT%H:%M:%S') as modified_time
                {% if month >= '2024-03' %},
                    {{ pick(['5.0.1', '5.1.0'], 'app', 'patient_id, day') }} as app_version,
                    {{ pick(['band', 'watch', 'phone'], 'device', 'patient_id') }} as device_model
                {% endif %}
                from versions
                where strftime(modified_time, '%Y-%m') = '{{ month }}'
                order by modified_time, result_id
            {% endcall %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
