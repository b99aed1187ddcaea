#!/usr/bin/env python3
"""Loads one CSV file into PostgreSQL with `hetl seed` and with psql's \\copy, by turns, and compares the wall time.

    benches/seed_postgres.py --hetl target/release/hetl --address "host=127.0.0.1 port=5432 user=me dbname=me"

psql copies into a table that is there already, without looking at any value; hetl also reads the file as dbt does, finds the types of its
columns, and makes the table. Prints the median of each and the ratio; with --limit the exit code says whether the ratio is below it.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SCHEMA = "hetl_seed_benchmark"
TYPES = "id integer, name text, amount float8, day date, is_active boolean"


def write_csv(path, rows):
    numbers = random.Random(1)
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,name,amount,day,is_active\n")
        for row in range(1, rows + 1):
            day = f"20{row % 25:02d}-{row % 12 + 1:02d}-{row % 28 + 1:02d}"
            file.write(f'{row},"Person {row}, the {row % 97}th",{numbers.uniform(0, 1e4):.2f},{day},{"true" if row % 3 else "false"}\n')


def timed(command, **options):
    """Wall and CPU seconds of a command; what a server did for it is not in the latter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    wall = time.monotonic() - begin
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def medians(measured):
    """The median of each column, by name."""
    return {name: [statistics.median(part) for part in zip(*values)] for name, values in measured.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hetl", default="target/release/hetl")
    arguments.add_argument("--address", default=os.environ.get("HETL_TEST_POSTGRES"), help="default: HETL_TEST_POSTGRES")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--limit", type=float, help="the greatest ratio that is good enough")
    given = arguments.parse_args()
    if not given.address:
        arguments.error("--address is needed")
    target = dict(part.split("=", 1) for part in given.address.split())
    target.update(type="postgres", schema=SCHEMA, threads=1)
    target.setdefault("password", "")
    target["port"] = int(target.get("port", 5432))
    psql = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", given.address]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "seeds").mkdir()
        (root / "dbt_project.yml").write_text("name: p\nprofile: p\n")
        (root / "profiles.yml").write_text(json.dumps({"p": {"target": "dev", "outputs": {"dev": target}}}))
        file = root / "seeds" / "people.csv"
        write_csv(file, given.rows)
        seconds = {"psql": [], "hetl": []}
        try:
            for _ in range(given.runs):
                timed([*psql, "-c", f"drop schema if exists {SCHEMA} cascade", "-c", f"create schema {SCHEMA}",
                       "-c", f"create table {SCHEMA}.copied ({TYPES})"])
                copy = f"\\copy {SCHEMA}.copied from '{file}' (format csv, header true)"
                seconds["psql"].append(timed([*psql, "-c", copy]))
                seconds["hetl"].append(timed([os.path.abspath(given.hetl), "seed", "--full-refresh"], cwd=root))
                same = f"select count(*) from (select * from {SCHEMA}.copied except select * from {SCHEMA}.people) x"
                different = subprocess.check_output([*psql, "-tA", "-c", same], text=True).strip()
                if different != "0":
                    sys.exit(f"{different} rows differ")
        finally:
            timed([*psql, "-c", f"drop schema if exists {SCHEMA} cascade"])
        size = file.stat().st_size / 1e6
    (plain, _), (wall, cpu) = (medians(seconds)[name] for name in ("psql", "hetl"))
    ratio = wall / plain
    print(f"{given.rows} rows, {size:.0f} MB, median of {given.runs}: "
          f"psql \\copy {plain:.2f} s, hetl seed {wall:.2f} s ({cpu:.2f} s CPU), {ratio:.2f} times as long")
    return 1 if given.limit and ratio > given.limit else 0


if __name__ == "__main__":
    sys.exit(main())
