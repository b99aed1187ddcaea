#!/usr/bin/env python3
"""Builds a project on DuckDB with hetl, sends the same statements straight to DuckDB, by turns, and compares the CPU time.

    benches/build_overhead.py --hetl target/release/hetl --project FOLDER --database FILE --python python3   # a Python that has the package duckdb

The statements are those that one build says it sends (`SQLQuery` in its log), one after another on as many connections as it had. They are sent by
a process of its own, whose time is counted from its first statement to its last; hetl's is that of the whole process: it reads and parses the
project (with nothing kept from an earlier time), compiles it, writes the artifacts and the log. With --other NAME=EXECUTABLE (dbt, for instance) that one builds the
project too, and what it needs above the statements is compared with what hetl needs above them.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from seed_postgres import timed

SEND = """
import duckdb, json, resource, sys
statements = json.load(open(sys.argv[2]))
main = duckdb.connect(sys.argv[1])
connections = {}
before = resource.getrusage(resource.RUSAGE_SELF)
for name, sql in statements:
    connection = connections.get(name) or connections.setdefault(name, main.cursor())
    connection.execute(sql)
for connection in [*connections.values(), main]:
    connection.close()
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
"""


def statements(output):
    """What a build sent: pairs of the thread that sent it and the statement, in the order in which they were sent."""
    events = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    return [(event["info"]["thread"], event["data"]["sql"]) for event in events if event["info"]["name"] == "SQLQuery"]


def fresh(project, work, name):
    """A copy of a project as it is before anybody has built it. None is deleted before the end: ext4 makes files slowly where many were deleted just before."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=name, dir=work)) / "project"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb", "*.duckdb.wal"))
    os.sync()
    return folder


def build(executable, folder, *flags):
    environment = dict(os.environ, DBT_PROFILES_DIR=str(folder), DBT_SEND_ANONYMOUS_USAGE_STATS="false", NO_COLOR="1")
    return timed([executable, "build", *flags], cwd=folder, env=environment)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hetl", default="target/release/hetl")
    arguments.add_argument("--python", default=sys.executable)
    arguments.add_argument("--project", required=True, help="with a profile in it, whose target is a DuckDB file")
    arguments.add_argument("--database", required=True, help="the path of the database as the profile has it")
    arguments.add_argument("--other", action="append", default=[], metavar="NAME=EXECUTABLE", help="an executable to compare with")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--limit", type=float, help="the greatest ratio of CPU times that is good enough")
    given = arguments.parse_args()
    tools = {"hetl": os.path.abspath(given.hetl), **dict(other.split("=", 1) for other in given.other)}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        project = fresh(given.project, work, "recorded")
        recorded = work / "statements.json"
        log = work / "log"
        build(tools["hetl"], project, "--quiet", "--log-format-file", "json", "--log-path", str(log), "--log-file-max-bytes", "0")
        sent = statements((log / "dbt.log").read_text())
        recorded.write_text(json.dumps(sent))
        measured = {name: [] for name in ["statements", *tools]}
        for _ in range(given.runs):
            # In the place of the project's own database, whose name is in the statements.
            command = [given.python, "-c", SEND, given.database, str(recorded)]
            straight = subprocess.run(command, cwd=fresh(given.project, work, "straight"), stdout=subprocess.PIPE, text=True, check=True)
            measured["statements"].append(float(straight.stdout))
            for name, executable in tools.items():
                measured[name].append(build(executable, fresh(given.project, work, name), "--quiet")[1])
    cpu = {name: statistics.median(values) for name, values in measured.items()}
    plain, own = cpu["statements"], cpu["hetl"] - cpu["statements"]
    print(f"{len(sent)} statements, median of {given.runs}: sent straight {plain:.2f} s of CPU")
    for name in tools:
        above = cpu[name] - plain
        beside = "" if name == "hetl" else f", {above / own:.1f} times hetl's"
        print(f"{name} build {cpu[name]:.2f} s, {cpu[name] / plain:.2f} times as long; {above:.2f} s above the statements{beside}")
    return 1 if given.limit and cpu["hetl"] / plain > given.limit else 0


if __name__ == "__main__":
    sys.exit(main())
