-- Puts the raw files into PostgreSQL, where the sources of the platform are tables. On DuckDB they are read in place.
--
--   cd project && psql -f load_postgres.sql
--
-- The connection is psql's (PGHOST, PGUSER, PGDATABASE …), and so is that of the target `postgres` in profiles.yml.

\set ON_ERROR_STOP on
\set QUIET on
set client_min_messages = warning;
begin;

drop schema if exists wearables, blood_tests, heart_rates, claims_cedar, tracker cascade;
create schema wearables;
create schema blood_tests;
create schema heart_rates;
create schema claims_cedar;
create schema tracker;

-- One JSON document a line; no line holds the signs that are named as quote and delimiter.
create temporary table lines (line jsonb) on commit drop;

\copy lines from program 'cat raw_data/wearables/integer_results/*.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table wearables.integer_results as
select field.* from lines, jsonb_to_record(line) as field (
    result_id text, patient_id text, content_slug text, value integer,
    created_time timestamp, modified_time timestamp, app_version text, device_model text
);

truncate lines;
\copy lines from program 'cat raw_data/wearables/datetime_results/*.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table wearables.datetime_results as
select field.* from lines, jsonb_to_record(line) as field (
    result_id text, patient_id text, content_slug text, value timestamp,
    created_time timestamp, modified_time timestamp, app_version text, device_model text
);

truncate lines;
\copy lines from program 'cat raw_data/wearables/range_results/*.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table wearables.range_results as
select field.* from lines, jsonb_to_record(line) as field (
    result_id text, patient_id text, content_slug text, value_from timestamp, value_to timestamp,
    created_time timestamp, modified_time timestamp, app_version text, device_model text
);

truncate lines;
\copy lines from program 'cat raw_data/heart_rates/measurements/*/*/*/*/*.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table heart_rates.measurements as
select field.* from lines, jsonb_to_record(line) as field (
    user_id integer, heart_rate integer, "timestamp" bigint, meta jsonb
);

truncate lines;
\copy lines from program 'cat raw_data/heart_rates/users/*.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table heart_rates.users as
select field.* from lines, jsonb_to_record(line) as field (
    user_id integer, first_name text, last_name text, email text, sex text, birth_date date, country_code text,
    updated_at timestamp, extracted_at timestamp, deleted boolean
);

truncate lines;
\copy lines from program 'cat raw_data/heart_rates/activities/*.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table heart_rates.activities as
select field.* from lines, jsonb_to_record(line) as field (
    activity_id integer, activity_name text, intensity text, updated_at timestamp, extracted_at timestamp, deleted boolean
);

truncate lines;
\copy lines from program 'cat raw_data/claims/cedar/claims.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table claims_cedar.claims as
select field.* from lines, jsonb_to_record(line) as field (
    ref_no text, subscriber text, treated text, sent text, icd10 text, amount numeric, provider jsonb
);

truncate lines;
\copy lines from program 'cat raw_data/claims/cedar/registrations.json' with (format csv, quote E'\x01', delimiter E'\x02')
create table claims_cedar.registrations as
select field.* from lines, jsonb_to_record(line) as field (
    subscriber text, given text, family text, born text, gender text, address jsonb,
    cover_start text, cover_end text, sent text
);

-- Documents are kept whole, with the file that they came in.
create table tracker.activities (filename text, json jsonb);
create table tracker.overview (filename text, json jsonb);
create table tracker.sleep (filename text, json jsonb);
create table tracker."user" (filename text, json jsonb);
\copy tracker.activities from program 'awk ''{ print FILENAME "\002" $0 }'' raw_data/tracker/*/activities.json' with (format csv, quote E'\x01', delimiter E'\x02')
\copy tracker.overview from program 'awk ''{ print FILENAME "\002" $0 }'' raw_data/tracker/*/overview.json' with (format csv, quote E'\x01', delimiter E'\x02')
\copy tracker.sleep from program 'awk ''{ print FILENAME "\002" $0 }'' raw_data/tracker/*/sleep.json' with (format csv, quote E'\x01', delimiter E'\x02')
\copy tracker."user" from program 'awk ''{ print FILENAME "\002" $0 }'' raw_data/tracker/*/user.json' with (format csv, quote E'\x01', delimiter E'\x02')

create table blood_tests.patients (
    patient_id integer, first_name text, last_name text, gender integer, birth_date date, height_cm integer, weight_kg numeric
);
create table blood_tests.tests (
    test_id integer, patient_id integer, doctor_id text, lab_id text, test_date date, ap_hi integer, ap_lo integer,
    cholesterol integer, gluc integer, smoke integer, alco integer, active integer, cardio integer, loaded_at timestamp
);
\copy blood_tests.patients from 'raw_data/blood_tests/patients.csv' with (format csv, header)
\copy blood_tests.tests from program 'tail -q -n +2 raw_data/blood_tests/tests/*.csv' with (format csv)

commit;
