{#-
    Three clients send a file of claims and a file of registrations each, and no two write alike:

        aspen   CSV, MM/DD/YYYY, dollars with a sign        (seeds)
        birch   CSV with semicolons, YYYYMMDD, cents        (seeds)
        cedar   JSON lines, DD-MM-YYYY, plain numbers       (read in place)

    All of them have typing errors: days that no month has, states that no country has, zip codes that lost a zero.
-#}
{% macro generate_claims_raw_data(scale, folder) %}
    {% set members = scaled(800, scale, 12) %}
    {% set claims = scaled(5000, scale, 60) %}
    {% set seeds = folder ~ '/seeds/claims' %}

    {% call write_csv(seeds, 'aspen_registrations.csv') %}
        select
            member as MemberID, first_name as FirstName, last_name as LastName,
            {{ raw_date('birth_date', '%m/%d/%Y', "['11/31/2001', '02/30/1980', '00/00/0000']", 'record') }} as DOB,
            (['M', 'F', 'Male', 'female', 'U'])[1 + {{ roll(5, 'gender', 'record') }}] as Gender,
            state as State, zip as Zip,
            strftime(eligible_from, '%m/%d/%Y') as EffectiveDate,
            strftime(eligible_to, '%m/%d/%Y') as TermDate,
            strftime(received_on, '%m/%d/%Y') as ReceivedDate
        from ({{ registrations_of('aspen', members) }}) as t
        order by received_on, member
    {% endcall %}

    {% call write_csv(seeds, 'aspen_claims.csv') %}
        select
            claim as ClaimID, member as MemberID,
            {{ raw_date('service_date', '%m/%d/%Y', "['02/30/2023', '06/31/2023']", 'claim, received_on') }} as ServiceDate,
            strftime(received_on, '%m/%d/%Y') as ReceivedDate,
            diagnosis as DxCode, '$' || format('{:.2f}', cents / 100) as PaidAmount,
            state as ProviderState, zip as ProviderZip
        from ({{ claims_of('aspen', members, claims) }}) as t
        order by received_on, claim
    {% endcall %}

    {% call write_csv(seeds, 'birch_registrations.csv', delimiter=';') %}
        select
            member as "Member No", last_name || ', ' || first_name as "Name",
            {{ raw_date('birth_date', '%Y%m%d', "['19990931', '00000000', '1975']", 'record') }} as "Birth Date",
            (['1', '2', '9'])[1 + {{ roll(3, 'gender', 'record') }}] as "Sex",
            zip as "Postal Code", lower(state) as "Region",
            strftime(eligible_from, '%Y%m%d') as "Eligible From",
            strftime(eligible_to, '%Y%m%d') as "Eligible To",
            strftime(received_on, '%Y%m%d') as "Received"
        from ({{ registrations_of('birch', members) }}) as t
        order by received_on, member
    {% endcall %}

    {% call write_csv(seeds, 'birch_claims.csv', delimiter=';') %}
        select
            claim as "Claim No", member as "Member No",
            {{ raw_date('service_date', '%Y%m%d', "['20230230', '20231301']", 'claim, received_on') }} as "Date of Service",
            strftime(received_on, '%Y%m%d') as "Received",
            lower(replace(diagnosis, '.', '')) as "Diagnosis", cents as "Amount in Cents",
            zip as "Provider Postal Code", lower(state) as "Provider Region"
        from ({{ claims_of('birch', members, claims) }}) as t
        order by received_on, claim
    {% endcall %}

    {% call write_json(folder ~ '/raw_data/claims/cedar', 'registrations.json') %}
        select
            member as subscriber, first_name as given, last_name as family,
            {{ raw_date('birth_date', '%d-%m-%Y', "['31-11-2001', '29-02-1999']", 'record') }} as born,
            (['m', 'f', 'x'])[1 + {{ roll(3, 'gender', 'record') }}] as gender,
            { 'state': state, 'zip': zip } as address,
            strftime(eligible_from, '%d-%m-%Y') as cover_start,
            strftime(eligible_to, '%d-%m-%Y') as cover_end,
            strftime(received_on, '%d-%m-%Y') as sent
        from ({{ registrations_of('cedar', members) }}) as t
        order by received_on, member
    {% endcall %}

    {% call write_json(folder ~ '/raw_data/claims/cedar', 'claims.json') %}
        select
            claim as ref_no, member as subscriber,
            {{ raw_date('service_date', '%d-%m-%Y', "['31-04-2023', '30-02-2023']", 'claim, received_on') }} as treated,
            strftime(received_on, '%d-%m-%Y') as sent,
            diagnosis as icd10, cents / 100 as amount,
            { 'state': state, 'zip': zip } as provider
        from ({{ claims_of('cedar', members, claims) }}) as t
        order by received_on, claim
    {% endcall %}
{% endmacro %}

{#- A date as the client writes it; one in forty is a typing error. -#}
{% macro raw_date(column, format, errors, keys) -%}
    case when {{ roll(40, 'date error', keys) }} = 0
        then ({{ errors }})[1 + {{ roll(2, 'which error', keys) }}]
        else strftime({{ column }}, '{{ format }}')
    end
{%- endmacro %}

{% macro raw_place(keys) -%}
    (['CA', 'NY', 'TX', 'WA', 'MA', 'FL', 'OH', 'IL', 'XX', 'ca', 'Texas', 'ZZ'])[
        1 + case when {{ roll(12, 'state error', keys) }} = 0 then 8 + {{ roll(4, 'wrong state', keys) }} else {{ roll(8, 'state', keys) }} end
    ] as state,
    case {{ roll(30, 'zip error', keys) }}
        when 0 then '2134'
        when 1 then 'ABCDE'
        when 2 then '00000'
        when 3 then '941031234'
        when 4 then '10001-0042'
        else lpad((10000 + {{ roll(89000, 'zip', keys) }})::varchar, 5, '0')
    end as zip
{%- endmacro %}

{#- Every member registers once; one in three sends a second record, with a new address and sometimes an end. -#}
{% macro registrations_of(client, members) -%}
    select
        record,
        member,
        first_name,
        last_name,
        birth_date,
        {{ raw_place('record') }},
        eligible_from,
        case when {{ roll(5, 'ends', 'record') }} = 0
            then eligible_from + 300 + {{ roll(600, 'end', 'record') }}
        end as eligible_to,
        received_on
    from (
        select
            '{{ client }}' || m || '/' || n as record,
            '{{ client[:1] | upper }}' || (100000 + m) as member,
            {{ pick(some_first_names(), client ~ ' first', 'm') }} as first_name,
            {{ pick(some_last_names(), client ~ ' last', 'm') }} as last_name,
            date '1940-01-01' + {{ roll(25000, client ~ ' born', 'm') }} as birth_date,
            date '2021-01-01' + {{ roll(500, client ~ ' from', 'm') }} as eligible_from,
            date '2022-06-01' + n::integer * 250 + {{ roll(200, client ~ ' received', 'm, n') }} as received_on
        from range(1, {{ members + 1 }}) as t(m), range(0, 2) as u(n)
        where n = 0 or {{ roll(3, client ~ ' again', 'm') }} = 0
    ) as records
{%- endmacro %}

{#- One claim in fifteen is sent again later with another amount; one in a hundred names a member nobody knows. -#}
{% macro claims_of(client, members, claims) -%}
    select
        claim,
        '{{ client[:1] | upper }}'
            || case when {{ roll(100, 'stranger', 'claim') }} = 0 then 999999 else 100001 + {{ roll(members, client ~ ' member', 'claim') }} end as member,
        date '2023-01-01' + {{ roll(330, client ~ ' service', 'claim') }} as service_date,
        date '2023-01-01' + {{ roll(330, client ~ ' service', 'claim') }} + 3 + n::integer * 20 + {{ roll(15, client ~ ' sent', 'claim') }} as received_on,
        {{ pick(['I10', 'E11.9', 'J45.909', 'M54.5', 'Z00.00', 'F32.9', 'K21.9', 'N39.0', 'R07.9', 'S93.40'], client ~ ' diagnosis', 'claim') }} as diagnosis,
        2500 + {{ roll(90000, client ~ ' amount', 'claim, n') }} as cents,
        {{ raw_place("'" ~ client ~ "', claim") }}
    from (
        select '{{ client[:2] | upper }}' || lpad(c::varchar, 6, '0') as claim, n
        from range(1, {{ claims + 1 }}) as t(c), range(0, 2) as u(n)
        where n = 0 or {{ roll(15, client ~ ' again', 'c') }} = 0
    ) as sent
{%- endmacro %}
