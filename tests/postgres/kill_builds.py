#!/usr/bin/env python3
"""Kills builds of a project on PostgreSQL (`kill -9`) at random moments, and looks at what is left each time.

    tests/postgres/kill_builds.py --hetl target/debug/hetl --project project --target postgres --load load_postgres.sql --kills 100

The project is copied, and built in a database of its own that is dropped at the end; its target takes the connection from PGHOST, PGPORT, PGUSER and
PGDATABASE. The project must give the same rows each time. After each kill every relation of the first build must be there with its rows; then a
plain build must succeed and leave exactly the relations of the first build. `killed.rs` does the same with a small project whose rows tell which
build they are from.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

RELATIONS = """
    select n.nspname || '.' || c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm', 'p') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' order by 1"""


class Server:
    def __init__(self, address, database):
        self.environment = dict(os.environ, PGDATABASE=database, PGCONNECT_TIMEOUT="10")
        for part in address.split():
            name, value = part.split("=", 1)
            if name != "dbname":
                self.environment["PG" + name.upper()] = value

    def ask(self, sql, database=None):
        environment = dict(self.environment, **({"PGDATABASE": database} if database else {}))
        command = ["psql", "-qXtA", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr}\nin: {sql}")
        return [line.split("\t") for line in done.stdout.splitlines() if line]

    def relations(self):
        return {name: kind for name, kind in self.ask(RELATIONS)}

    def rows(self, names):
        """Number of rows and a sum over them, by relation."""
        def counted(name):
            schema, relation = name.split(".", 1)
            return (f"select '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) "
                    f'from "{schema}"."{relation}" t')

        found = self.ask(" union all ".join(counted(name) for name in names)) if names else []
        return {name: (count, total) for name, count, total in found}

    def is_idle(self, database):
        sql = f"select count(*) from pg_stat_activity where datname = '{database}' and pid <> pg_backend_pid()"
        return self.ask(sql) == [["0"]]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hetl", default="target/debug/hetl")
    arguments.add_argument("--project", required=True)
    arguments.add_argument("--target", default="postgres")
    arguments.add_argument("--load", help="a file of psql within the project that is run first")
    arguments.add_argument("--address", default=os.environ.get("HETL_TEST_POSTGRES"), help="default: HETL_TEST_POSTGRES")
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=None)
    given = arguments.parse_args()
    if not given.address:
        arguments.error("--address is needed")
    moments = random.Random(given.seed)
    database = f"hetl_kills_{os.getpid()}"
    server = Server(given.address, database)
    hetl = os.path.abspath(given.hetl)
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "project"
        shutil.copytree(given.project, project, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*"))
        command = [hetl, "build", "--target", given.target, "--profiles-dir", "."]
        options = {"cwd": project, "env": server.environment, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}

        def build():
            done = subprocess.run(command, **options)
            if done.returncode:
                sys.exit(f"a plain build failed:\n{done.stdout}")

        server.ask(f"create database {database}", database="postgres")
        try:
            if given.load:
                subprocess.run(["psql", "-qX", "-f", given.load], check=True, cwd=project, env=server.environment)
            build()
            begin = time.monotonic()
            build()
            whole = time.monotonic() - begin
            relations = server.relations()
            first = server.rows(relations)
            build()
            # Rows that tell the time of a build cannot be compared; their number can.
            second = server.rows(relations)
            steady = {name for name in relations if first[name] == second[name]}
            print(f"{len(relations)} relations, {len(steady)} of them the same in each build of {whole:.1f} s", flush=True)
            ended = 0
            for kill in range(1, given.kills + 1):
                child = subprocess.Popen(command, **options | {"stdout": subprocess.DEVNULL})
                delay = moments.uniform(0, whole)
                time.sleep(delay)
                ended += child.poll() is not None
                child.kill()
                child.wait()
                when = f"kill {kill}, {delay:.3f} s after the start"
                patience = time.monotonic() + 60
                while not server.is_idle(database):
                    if time.monotonic() > patience:
                        sys.exit(f"{when}: the server still works for the dead")
                    time.sleep(0.05)
                left = server.relations()
                if missing := [name for name in relations if name not in left]:
                    sys.exit(f"{when}: gone are {missing}")
                for name, found in server.rows(relations).items():
                    if (found != first[name]) if name in steady else (found[0] != first[name][0]):
                        if relations[name] not in "rp":
                            continue  # a view shows what its tables hold
                        sys.exit(f"{when}: {name} has {found}, not {first[name]}")
                build()
                if (now := server.relations()) != relations:
                    sys.exit(f"{when}, after a plain build: {sorted(now.items() ^ relations.items())}")
                again = server.rows(steady)
                if different := [name for name in steady if again[name] != first[name]]:
                    sys.exit(f"{when}, after a plain build: other rows in {different}")
                if kill % 10 == 0:
                    print(f"{kill} kills", flush=True)
            print(f"{given.kills} kills ({ended} after the end): every relation there and whole each time")
        finally:
            server.ask(f"drop database if exists {database} with (force)", database="postgres")
    return 0


if __name__ == "__main__":
    sys.exit(main())
