{#- Users and activities as rows of change data capture, one extract a week, and a stream of heart rates in
    folders by year, month, day and hour. Extracts: the first has everybody, the others what changed since. -#}
{% macro generate_heart_rates_raw_data(scale, folder) %}
    {% set users = scaled(400, scale, 8) %}
    {% set raw = folder ~ '/raw_data/heart_rates' %}
    {% set countries = ['DE', 'FR', 'GB', 'IT', 'NL', 'NA', 'US', 'JP', 'BR'] %}

    {% for extracted_on, reason in {'2024-01-01': 'all', '2024-01-08': 'moved', '2024-01-15': 'new mail', '2024-01-22': 'left'}.items() %}
        {% call write_json(raw ~ '/users', extracted_on ~ '.json') %}
            with people as (
                select
                    u as user_id,
                    {{ pick(some_first_names(), 'user first', 'u') }} as first_name,
                    {{ pick(some_last_names(), 'user last', 'u') }} as last_name,
                    {{ pick(['female', 'male', 'other'], 'user sex', 'u') }} as sex,
                    date '1955-01-01' + {{ roll(18000, 'user born', 'u') }} as birth_date,
                    {{ pick(countries, 'country', 'u') }} as country_before,
                    {{ pick(countries, 'second country', 'u') }} as country_after,
                    {{ roll(3, 'moved', 'u') }} = 0 as moved,
                    {{ roll(4, 'mail', 'u') }} = 0 as new_mail,
                    {{ roll(9, 'left', 'u') }} = 0 as has_left
                from range(1, {{ users + 1 }}) as t(u)
            )

            select
                user_id,
                first_name,
                last_name,
                lower(first_name || '.' || last_name) || user_id || '@'
                    || case when new_mail and '{{ reason }}' in ('new mail', 'left') then 'example.net' else 'example.org' end as email,
                sex,
                birth_date,
                case when moved and '{{ reason }}' <> 'all' then country_after else country_before end as country_code,
                {% if reason == 'all' -%}
                strftime(timestamp '2023-03-01' + interval 1 hour * {{ roll(7000, 'registered', 'user_id') }}, '%Y-%m-%dT%H:%M:%S') as updated_at,
                {% else -%}
                strftime(timestamp '{{ extracted_on }}' - interval 1 minute * (1 + {{ roll(2500, reason, 'user_id') }}), '%Y-%m-%dT%H:%M:%S') as updated_at,
                {% endif -%}
                '{{ extracted_on }}T00:30:00' as extracted_at,
                {{ 'true' if reason == 'left' else 'false' }} as deleted
            from people
            where {{ {'all': 'true', 'moved': 'moved', 'new mail': 'new_mail', 'left': 'has_left'}[reason] }}
            order by user_id
        {% endcall %}
    {% endfor %}

    {% for extracted_on, rows in {
        '2024-01-01': "values (1, 'Running', 'vigorous', false), (2, 'Cycling', 'moderate', false), (3, 'Rowing', 'vigorous', false),
            (4, 'Yoga', 'light', false), (5, 'Walking', 'light', false), (6, 'Swimming', 'moderate', false), (7, 'Stairs', 'moderate', false)",
        '2024-01-08': "values (2, 'Road cycling', 'vigorous', false), (8, 'Indoor cycling', 'moderate', false)",
        '2024-01-15': "values (4, 'Yoga', 'moderate', false)",
        '2024-01-22': "values (7, 'Stairs', 'moderate', true)"
    }.items() %}
        {% call write_json(raw ~ '/activities', extracted_on ~ '.json') %}
            select
                activity_id,
                activity_name,
                intensity,
                '{{ '2023-01-01' if loop.first else extracted_on }}T00:00:00' as updated_at,
                '{{ extracted_on }}T00:30:00' as extracted_at,
                deleted
            from ({{ rows }}) as changed(activity_id, activity_name, intensity, deleted)
            order by activity_id
        {% endcall %}
    {% endfor %}

    {% for day in ['2024-01-05', '2024-01-12', '2024-01-19'] %}
        {% for hour in ['06', '07', '12', '17', '18', '21'] %}
            {% call write_json(raw ~ '/measurements/' ~ day.replace('-', '/') ~ '/' ~ hour, 'part-0.json') %}
                with sessions as (
                    select
                        u as user_id,
                        'u' || u || ' {{ day }} {{ hour }}' as session,
                        {{ roll(8, 'activity', "u, '" ~ day ~ hour ~ "'") }} as activity_number,
                        90 + {{ roll(50, 'level', "u, '" ~ hour ~ "'") }} as level,
                        35 + {{ roll(1800, 'latitude', 'u') }} / 100 as latitude,
                        {{ roll(3000, 'longitude', 'u') }} / 100 - 10 as longitude
                    from range(1, {{ users + 1 }}) as t(u)
                    where {{ roll(2, 'session', "u, '" ~ day ~ hour ~ "'") }} = 0
                )

                select
                    user_id,
                    level + {{ roll(35, 'beat', 'session, n') }} - case when activity_number = 0 then 35 else 0 end as heart_rate,
                    epoch(timestamp '{{ day }} {{ hour }}:00:00' + interval 1 second * (n * 220 + {{ roll(200, 'second', 'session, n') }}))::bigint as timestamp,
                    {
                        'activity_id': nullif(activity_number, 0),
                        'location': {
                            'latitude': round(latitude + n * 0.0007, 4),
                            'longitude': round(longitude - n * 0.0005, 4)
                        }
                    } as meta
                from sessions, range(0, 15) as t(n)
                order by timestamp, user_id
            {% endcall %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
