{#- Patients and tests as CSV files that are read in place, doctors as a seed. A few tests carry values that no
    body has (a pressure of zero or of four digits, the two pressures exchanged): the models must find them. -#}
{% macro generate_blood_tests_raw_data(scale, folder) %}
    {% set patients = scaled(7000, scale, 30) %}
    {% set tests = scaled(70000, scale, 300) %}
    {% set doctors = scaled(120, scale, 8) %}
    {% set raw = folder ~ '/raw_data/blood_tests' %}

    {% call write_csv(folder ~ '/seeds/blood_tests', 'blood_test_doctors.csv') %}
        select
            'D' || lpad(n::varchar, 4, '0') as doctor_id,
            {{ pick(some_first_names(), 'doctor first', 'n') }} as first_name,
            {{ pick(some_last_names(), 'doctor last', 'n') }} as last_name,
            {{ pick(['cardiology', 'general practice', 'internal medicine'], 'specialty', 'n') }} as specialty,
            date '2005-01-01' + {{ roll(5000, 'since', 'n') }} as practising_since
        from range(1, {{ doctors + 1 }}) as t(n)
        order by doctor_id
    {% endcall %}

    {% call write_csv(raw, 'patients.csv') %}
        select
            p as patient_id,
            {{ pick(some_first_names(), 'patient first', 'p') }} as first_name,
            {{ pick(some_last_names(), 'patient last', 'p') }} as last_name,
            1 + {{ roll(2, 'gender', 'p') }} as gender,
            date '1945-01-01' + {{ roll(18000, 'patient born', 'p') }} as birth_date,
            150 + {{ roll(50, 'height', 'p') }} as height_cm,
            (500 + {{ roll(600, 'weight', 'p') }}) / 10 as weight_kg
        from range(1, {{ patients + 1 }}) as t(p)
        order by patient_id
    {% endcall %}

    {% for year in [2021, 2022, 2023] %}
        {% call write_csv(raw ~ '/tests', year ~ '.csv') %}
            with drawn as (
                select
                    n as test_id,
                    -- The first tests go round all patients, so that everybody has been tested once.
                    case when n <= {{ patients }} then n else 1 + {{ roll(patients, 'patient', 'n') }} end as patient_id,
                    'D' || lpad((1 + {{ roll(doctors, 'doctor', 'n') }})::varchar, 4, '0') as doctor_id,
                    'L' || (1 + {{ roll(6, 'lab', 'n') }}) as lab_id,
                    -- Ids grow with time, as they do where a counter gives them.
                    date '2021-01-01' + (n * 1094 / {{ tests }})::integer as test_date,
                    105 + {{ roll(60, 'hi', 'n') }} as ap_hi,
                    65 + {{ roll(32, 'lo', 'n') }} as ap_lo,
                    {{ roll(300, 'dirt', 'n') }} as dirt
                from range(1, {{ tests + 1 }}) as t(n)
            )

            select
                test_id,
                patient_id,
                doctor_id,
                lab_id,
                test_date,
                case dirt when 0 then ap_hi * 10 when 1 then -ap_hi when 2 then ap_lo else ap_hi end as ap_hi,
                case dirt when 2 then ap_hi when 3 then 0 else ap_lo end as ap_lo,
                1 + greatest(0, {{ roll(6, 'cholesterol', 'test_id') }} - 3) as cholesterol,
                1 + greatest(0, {{ roll(9, 'gluc', 'test_id') }} - 6) as gluc,
                {{ roll(10, 'smoke', 'patient_id') }} // 8 as smoke,
                {{ roll(20, 'alco', 'patient_id') }} // 18 as alco,
                1 - {{ roll(10, 'active', 'patient_id') }} // 8 as active,
                case when ap_hi + {{ roll(40, 'cardio', 'test_id') }} > 155 then 1 else 0 end as cardio,
                strftime(test_date + interval 1 minute * (1560 + {{ roll(200, 'loaded', 'test_date') }}), '%Y-%m-%d %H:%M:%S') as loaded_at
            from drawn
            where year(test_date) = {{ year }}
            order by test_id
        {% endcall %}
    {% endfor %}
{% endmacro %}
