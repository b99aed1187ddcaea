#!/usr/bin/env python3
"""Five tests of one table, each a query of its own or all in one scan: `not_null` of its columns, on DuckDB and on PostgreSQL.

    benches/shared_scan.py [--postgres "host=… dbname=…"] [--rows 2000000] [--runs 7]

Needs the Python packages duckdb and psycopg2. Ways alternate; medians of wall time. This is why tests share scans on PostgreSQL, whose scans read whole
rows, and not on DuckDB, which answers most of these tests from what it knows of a column.
"""

import argparse
import statistics
import time

TABLE = "hetl_shared_scan"
COLUMNS = "abcde"
ROWS = "select i as a, i % 7 as b, 'x' || i as c, random() as d, case when i = 5 then 1 else i end as e from {rows} as r(i)"
ALONE = [f"select count(*) != 0 from (select {column} from {TABLE} where {column} is null) as t" for column in COLUMNS]
TOGETHER = [f"select {', '.join(f'count(case when {column} is null then 1 end)' for column in COLUMNS)} from {TABLE}"]


def measure(name, run, runs):
    times = {"alone": [], "in one scan": []}
    for number in range(runs + 1):
        for way, statements in zip(times, (ALONE, TOGETHER)):
            begin = time.monotonic()
            for statement in statements:
                run(statement)
            if number:
                times[way].append(time.monotonic() - begin)
    alone, together = (statistics.median(of_way) for of_way in times.values())
    print(f"{name:10} alone {alone * 1000:8.1f} ms, in one scan {together * 1000:8.1f} ms, {together / alone:.2f} times")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--postgres")
    arguments.add_argument("--rows", type=int, default=2_000_000)
    arguments.add_argument("--runs", type=int, default=7)
    given = arguments.parse_args()

    import duckdb

    connection = duckdb.connect()
    connection.execute(f"create table {TABLE} as {ROWS.format(rows=f'range({given.rows})')}")
    measure("DuckDB", lambda sql: connection.execute(sql).fetchall(), given.runs)

    if given.postgres:
        import psycopg2

        connection = psycopg2.connect(given.postgres)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"create temporary table {TABLE} as {ROWS.format(rows=f'generate_series(1, {given.rows})')}")
        cursor.execute(f"analyze {TABLE}")
        measure("PostgreSQL", lambda sql: (cursor.execute(sql), cursor.fetchall()), given.runs)


if __name__ == "__main__":
    main()
