#!/usr/bin/env python3
"""Loads one CSV file into DuckDB with `hetl seed` and with `create table … as select * from read_csv(…)`, by turns, and compares the wall time.

    benches/seed_duckdb.py --hetl target/release/hetl --python python3     # a Python that has the package duckdb

The query names the types, so that DuckDB need not find them; hetl finds them as dbt does, reads its project, and makes the same table. Each of both
is a process of its own with a database file of its own and as many threads. Prints the median of each, of wall and of CPU time, and the ratio of
the wall times; with --limit the exit code says whether the ratio is below it.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

from seed_postgres import medians, timed, write_csv

TYPES = {"id": "integer", "name": "varchar", "amount": "double", "day": "date", "is_active": "boolean"}
EXECUTE = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
connection.execute(sys.argv[2])
connection.close()
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hetl", default="target/release/hetl")
    arguments.add_argument("--python", default=sys.executable)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--limit", type=float, help="the greatest ratio that is good enough")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "seeds").mkdir()
        (root / "dbt_project.yml").write_text("name: p\nprofile: p\n")
        target = {"type": "duckdb", "path": str(root / "hetl.duckdb"), "threads": 1}
        (root / "profiles.yml").write_text(json.dumps({"p": {"target": "dev", "outputs": {"dev": target}}}))
        file = root / "seeds" / "people.csv"
        write_csv(file, given.rows)
        load = f"create or replace table people as select * from read_csv('{file}', header = true, columns = {TYPES})"
        measured = {"duckdb": [], "hetl": []}
        for _ in range(given.runs):
            measured["duckdb"].append(timed([given.python, "-c", EXECUTE, str(root / "plain.duckdb"), load]))
            measured["hetl"].append(timed([os.path.abspath(given.hetl), "seed", "--full-refresh"], cwd=root))
        compare = (f"attach '{root}/hetl.duckdb' as hetl; select case when count(*) > 0 then error('rows differ') end from "
                   f"(select * from people except all select * from hetl.main.people)")
        timed([given.python, "-c", EXECUTE, str(root / "plain.duckdb"), compare])
        size = file.stat().st_size / 1e6
    (plain, plain_cpu), (wall, cpu) = (medians(measured)[name] for name in ("duckdb", "hetl"))
    ratio = wall / plain
    print(f"{given.rows} rows, {size:.0f} MB, median of {given.runs}: read_csv {plain:.2f} s ({plain_cpu:.2f} s CPU), "
          f"hetl seed {wall:.2f} s ({cpu:.2f} s CPU), {ratio:.2f} times as long")
    return 1 if given.limit and ratio > given.limit else 0


if __name__ == "__main__":
    sys.exit(main())
