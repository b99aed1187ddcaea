{#- A folder a day with four files, as the provider's API answers them. The overview of a day comes twice: with the day's
    numbers so far, and on the next day with the final ones. -#}
{% macro generate_tracker_raw_data(scale, folder) %}
    {% set users = scaled(100, scale, 4) %}
    {% set raw = folder ~ '/raw_data/tracker' %}

    {% for n in range(28) %}
        {% set day = '2024-02-' ~ '%02d' % (n + 1) %}

        {% call write_json(raw ~ '/' ~ day, 'user.json') %}
            select
                'T' || lpad(u::varchar, 4, '0') as id,
                { 'name': {{ pick(some_first_names(), 'tracker first', 'u') }} || ' ' || {{ pick(some_last_names(), 'tracker last', 'u') }},
                  'sex': {{ pick(['female', 'male'], 'tracker sex', 'u') }},
                  'birth_date': strftime(date '1965-01-01' + {{ roll(15000, 'tracker born', 'u') }}, '%Y-%m-%d') } as profile,
                { 'steps': 6000 + 1000 * {{ roll(6, 'goal', "u, '" ~ (n // 14) ~ "'") }}, 'sleep_hours': 7 + {{ roll(2, 'sleep goal', 'u') }} } as goals
            from range(1, {{ users + 1 }}) as t(u)
            order by id
        {% endcall %}

        {% call write_json(raw ~ '/' ~ day, 'overview.json') %}
            select
                'T' || lpad(u::varchar, 4, '0') as user_id,
                strftime(day, '%Y-%m-%d') as date,
                is_final as final,
                case when is_final then steps else steps * 3 // 4 end as steps,
                { 'active': active * case when is_final then 4 else 3 end // 4, 'resting': 1400 + {{ roll(400, 'resting', 'u') }} } as calories,
                { 'moved': moved * case when is_final then 4 else 3 end // 4, 'sedentary': 900 - moved } as minutes,
                { 'average': 15 + {{ roll(45, 'stress', 'u, day') }}, 'greatest': 62 + {{ roll(38, 'most stress', 'u, day') }} } as stress
            from (
                select
                    u,
                    day,
                    is_final,
                    2500 + {{ roll(12000, 'steps', 'u, day') }} as steps,
                    150 + {{ roll(700, 'active', 'u, day') }} as active,
                    20 + {{ roll(120, 'moved', 'u, day') }} as moved
                from range(1, {{ users + 1 }}) as t(u),
                    (values (date '{{ day }}', false), (date '{{ day }}' - 1, true)) as v(day, is_final)
            ) as days
            order by user_id, date
        {% endcall %}

        {% call write_json(raw ~ '/' ~ day, 'sleep.json') %}
            select
                'T' || lpad(u::varchar, 4, '0') as user_id,
                '{{ day }}' as date,
                strftime(began, '%Y-%m-%dT%H:%M:%S') as "from",
                strftime(began + interval 1 second * (deep + light + rem + awake), '%Y-%m-%dT%H:%M:%S') as "to",
                { 'deep': deep, 'light': light, 'rem': rem, 'awake': awake } as stage_seconds,
                40 + {{ roll(55, 'score', "u, '" ~ day ~ "'") }} as score
            from (
                select
                    u,
                    timestamp '{{ day }}' - interval 1 minute * {{ roll(140, 'bed', "u, '" ~ day ~ "'") }} as began,
                    60 * (40 + {{ roll(70, 'deep', "u, '" ~ day ~ "'") }}) as deep,
                    60 * (180 + {{ roll(120, 'light', "u, '" ~ day ~ "'") }}) as light,
                    60 * (50 + {{ roll(70, 'rem', "u, '" ~ day ~ "'") }}) as rem,
                    60 * {{ roll(50, 'awake', "u, '" ~ day ~ "'") }} as awake
                from range(1, {{ users + 1 }}) as t(u)
                -- Now and then the tracker lies on the table at night.
                where {{ roll(20, 'worn', "u, '" ~ day ~ "'") }} > 0
            ) as nights
            order by user_id
        {% endcall %}

        {% call write_json(raw ~ '/' ~ day, 'activities.json') %}
            select
                md5('{{ day }}|' || u || '|' || k)[:10] as activity_id,
                'T' || lpad(u::varchar, 4, '0') as user_id,
                kind as type,
                strftime(timestamp '{{ day }}' + interval 1 minute * (400 + k * 400 + {{ roll(200, 'start', "u, k, '" ~ day ~ "'") }}), '%Y-%m-%dT%H:%M:%S') as start,
                60 * (15 + {{ roll(75, 'lasts', "u, k, '" ~ day ~ "'") }}) as seconds,
                500 * (1 + {{ roll(20, 'distance', "u, k, '" ~ day ~ "'") }}) as meters,
                80 + {{ roll(600, 'calories', "u, k, '" ~ day ~ "'") }} as calories,
                { 'average': 105 + {{ roll(40, 'pulse', "u, k, '" ~ day ~ "'") }}, 'greatest': 150 + {{ roll(35, 'most pulse', "u, k, '" ~ day ~ "'") }} } as heart_rate,
                case when kind = 'swimming' then
                    { 'lengths': 20 + {{ roll(60, 'lengths', "u, k, '" ~ day ~ "'") }}, 'swolf': 32 + {{ roll(30, 'swolf', "u, k, '" ~ day ~ "'") }} }
                end as pool
            from (
                select u, k, {{ pick(['walking', 'running', 'cycling', 'swimming', 'strength'], 'kind', "u, k, '" ~ day ~ "'") }} as kind
                from range(1, {{ users + 1 }}) as t(u), range(0, 2) as v(k)
                where {{ roll(5, 'moves', "u, k, '" ~ day ~ "'") }} < 3
            ) as activities
            order by start, user_id
        {% endcall %}
    {% endfor %}
{% endmacro %}
