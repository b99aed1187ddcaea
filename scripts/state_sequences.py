#!/usr/bin/env python3
"""Runs the same sequences of commands with the real dbt and with hetl, and compares exit codes, statuses, relations and rows after each.

    state_sequences.py EXECUTABLE [--postgres] [--only WORD] [--verbose]

Run by a Python that has dbt (see conformance.sh). The sequences below are about what goes on from an earlier run: `retry`, `clone`, `--defer`,
`result:` and `source_status:`. Both tools run them on copies of tests/differential/sequences, on DuckDB, or with --postgres on the server that
PGHOST, PGPORT, PGUSER and PGDATABASE name, in schemas of their own. --only takes the sequences whose names contain a word. Exit code 1 if
anything differs.
"""

import argparse
import gc
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "tests/differential/sequences"

# Steps that are no commands: `keep NAME` copies the target folder, `forget NAME` deletes a folder or file, `sql TEXT` runs a statement,
# `replace FILE OLD NEW` edits a file.
DAYS = "--event-time-start 2026-01-01 --event-time-end 2026-01-04"


def broken(*names):
    return f"--vars '{{broken: \"{' '.join(names)}\"}}'"


SEQUENCES = {
    "retry without an earlier run": ["retry", "seed", "forget target/run_results.json", "retry", "retry --state nowhere"],
    "retry of a run": [
        "seed", f"run {broken('second')}", "retry", "retry --vars '{broken: grows}'", "retry --vars '{broken: last}'",
        "retry --vars '{broken: \"\"}' --threads 2", "retry",
    ],
    "retry of a run of a selection": [
        "seed", f"run -s first+ --exclude by_day {broken('first')}", "retry --vars '{broken: last}'", "retry --vars '{broken: \"\"}'", "retry",
    ],
    "retry of a build": [
        f"build {DAYS} {broken('second')}", "retry --vars '{broken: failing}'", "retry --vars '{broken: \"\"}'", "retry",
    ],
    "retry of a build whose test warns": [
        f"build {DAYS} -s first+1", "retry", "retry --warn-error", f"build {DAYS} -s first --warn-error", "retry",
    ],
    "retry of seeds": [
        "replace seeds/people.csv 2,Bob 2,Bob,3", "seed", "replace seeds/people.csv 2,Bob,3 2,Cas", "retry", "retry", "seed --full-refresh",
    ],
    "retry of a full refresh": [
        "seed", "run", f"run --full-refresh -s first+ {broken('grows')} --exclude by_day", "retry --vars '{broken: \"\"}'", "run -s grows",
    ],
    "retry of tests": [
        "seed", "run", "test", f"test {broken('failing')}", "retry", "retry --vars '{broken: \"\"}'", "retry",
        f"test -s second {broken('failing_errs')}", "retry --vars '{broken: failing}'", "test --store-failures -s warned",
    ],
    "retry of a snapshot": [
        "snapshot", "seed", "retry", "retry", "replace seeds/people.csv 2,Bob 2,Cas", "seed", "snapshot",
    ],
    "retry of compile and docs": [
        f"compile {broken('last')}", "retry", "seed", "run", f"docs generate {broken('last')}", "retry",
    ],
    "retry of an operation": [
        "seed", f"run-operation operate --args '{{name: made}}' {broken('operate')}", "retry", "retry --vars '{broken: \"\"}'", "retry",
    ],
    "retry of batches": [
        "seed", "run -s first", f"run -s by_day {DAYS} {broken('by_day')}", "retry", "retry --vars '{broken: \"\"}'", "retry",
        f"run -s by_day --full-refresh {DAYS} {broken('by_day')}", "retry --vars '{broken: \"\"}'",
        f"build -s by_day {DAYS} {broken('by_day')}", "retry --vars '{broken: \"\"}'",
    ],
    "retry with a state elsewhere": [
        "seed", f"run {broken('last')}", "keep state", "run -s first", "retry --state state", "retry --state state --vars '{broken: \"\"}'",
    ],
    "retry after fail-fast": ["seed", f"run --fail-fast {broken('second')}", "retry --vars '{broken: \"\"}'", "retry"],
    "clone": [
        f"build {DAYS} --target PROD", "keep state", "clone --state state", "clone --state state", "clone --state state --full-refresh",
        "run -s first second", "clone --state state -s first+ --full-refresh", "clone", "clone --state nowhere",
    ],
    "clone of a selection": [
        f"build {DAYS} --target PROD", "keep state", "clone --state state -s second last people", "run -s last --full-refresh",
        "clone --state state -s last --exclude second", "clone --state state --resource-type seed", "clone --state state -s history",
        "clone --state state --threads 2 --exclude resource_type:seed",
    ],
    "clone where relations are missing": [
        "seed --target PROD", "run -s first second --target PROD", "compile --target PROD", "keep state", "clone --state state",
        "clone --state state -s first second days",
    ],
    "defer": [
        f"build {DAYS} --target PROD", "keep state", "run -s last --defer --state state", "run -s second --defer --state state",
        "run -s first --defer --state state", "run -s last grows --defer --state state", "test -s last --defer --state state",
        "test --defer --state state", "run -s first --defer", "run -s last --state state --no-defer", "run -s nothing_there --defer --state state",
    ],
    "defer and favor the state": [
        f"build {DAYS} --target PROD", "keep state", "seed", "run -s first", "run -s second --defer --favor-state --state state",
        "run -s second last --defer --favor-state --state state", "run -s second --defer --state state",
        "compile -s grows --defer --favor-state --state state", "snapshot --defer --state state", "snapshot --defer --favor-state --state state",
        "build -s second+ --defer --favor-state --state state --exclude by_day",
    ],
    "defer to another state": [
        f"build {DAYS} --target PROD", "keep prod_state", "seed", "run", "keep state",
        "replace models/last.sql id id,2_as_more", "run -s state:modified --state state --defer --defer-state prod_state",
        "replace models/passing.sql id id,3_as_third", "ls -s state:modified+ --state state", "run -s state:modified+ --defer --state state --favor-state",
        "run -s from_source --defer --defer-state prod_state",
    ],
    "results": [
        f"build {DAYS} {broken('grows', 'failing')}", "keep state",
        *[f"ls -s {selector} --state state" for selector in (
            "result:error", "result:error+", "+result:error", "result:fail", "result:fail+", "1+result:fail", "result:skipped", "result:skipped+",
            "result:success", "result:success+1", "result:warn", "result:warn+", "result:pass", "result:error result:fail+",
            "result:error+,resource_type:model", "@result:error", "result:nonsense", "result:success,state:modified")],
        "build -s result:error+ result:fail+ result:skipped --state state " + DAYS,
        "build -s result:error+ --state state " + DAYS, "run -s result:skipped --state state", "test -s result:fail --state state",
        "run -s result:error", "run --exclude result:success --state state " + DAYS,
    ],
    "freshness": [
        "seed", "source freshness", "keep state", "ls -s source_status:fresher+ --state state", "source freshness",
        "ls -s source_status:fresher+ --state state", "run -s source_status:fresher+ --state state", "ls -s source_status:fresher --state state",
        "source freshness -s source:loaded.people", "ls -s source_status:fresher+ --state state", "source freshness --exclude source:loaded.people",
        "ls -s source_status:fresher+ --state state", "source freshness -o there/sources.json -s loaded.people", "forget target/sources.json",
        "ls -s source_status:fresher+ --state state", "forget state/sources.json", "ls -s source_status:fresher+ --state state",
        "replace seeds/days.csv 2026-01-03,2026-01-03 2026-01-03,2026-01-05", "seed --full-refresh", "source freshness", "keep state", "source freshness",
        "ls -s source_status:fresher+ --state state", "build -s source_status:fresher+ --state state",
    ],
}  # fmt: skip


class Tool:
    """One of the two, with its copy of the project."""

    def __init__(self, name, folder, target, run):
        self.name, self.root, self.target, self.run = name, folder / name, target, run
        shutil.copytree(PROJECT, self.root, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*"))
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "HETL_"))}
        self.env |= {"DBT_PROFILES_DIR": str(self.root), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_LOG_LEVEL_FILE": "none"}
        self.invocation = None

    def step(self, words):
        """What a step leaves: exit code, listed lines, statuses, relations."""
        what, rest = words[0], words[1:]
        if what == "keep":
            shutil.rmtree(self.root / rest[0], ignore_errors=True)
            return shutil.copytree(self.root / "target", self.root / rest[0]) and None
        if what == "forget":
            return (self.root / rest[0]).unlink(missing_ok=True)
        if what == "replace":
            file, old, new = rest
            text = (self.root / file).read_text()
            assert old in text, f"{file} has no {old}"
            return (self.root / file).write_text(text.replace(old, new.replace("_", " "), 1)) and None
        words = [{"PROD": self.target.prod}.get(word, word) for word in words]
        if "--target" not in words:
            words += ["--target", self.target.dev]
        code, text = self.run(self, ["--quiet", *words])
        left = {"exit code": code}
        if what == "ls":
            left["lines"] = sorted(text.splitlines()) if code == 0 else None
        left["statuses"] = self.statuses()
        left["sources"] = self.sources()
        left["relations"] = self.target.relations(self)
        return left, text

    def artifact(self, name):
        file = self.root / "target" / name
        return json.loads(file.read_text()) if file.exists() else None

    def statuses(self):
        found = self.artifact("run_results.json")
        if found is None:
            return None
        invocation, self.invocation = self.invocation, found["metadata"]["invocation_id"]
        if invocation == self.invocation:
            return "not written"
        results = {}
        for result in found["results"]:
            batches = result.get("batch_results")
            counts = batches and {key: len(value) for key, value in batches.items()}
            results[result["unique_id"]] = [str(part) for part in (result["status"], result["failures"], counts)]
        return results

    def sources(self):
        found = self.artifact("sources.json")
        return found and {result["unique_id"]: result["status"] for result in found["results"]}


class DuckDb:
    dev, prod = "dev", "prod"

    def relations(self, tool):
        import duckdb

        file = tool.root / "sequences.duckdb"
        if not file.exists():
            return {}
        with duckdb.connect(str(file), read_only=True) as connection:
            return rows_of(lambda sql: connection.execute(sql).fetchall(), ("dev", "prod"))


class Postgres:
    dev, prod = "pg_dev", "pg_prod"

    def __init__(self):
        import psycopg2

        self.connection = psycopg2.connect("")
        self.connection.autocommit = True

    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def relations(self, _tool):
        return rows_of(self.execute, ("sequences_dev", "sequences_prod"))

    def clean(self):
        for schema in ("sequences_dev", "sequences_prod", "sequences_dev_dbt_test__audit"):
            self.execute(f"drop schema if exists {schema} cascade")


def rows_of(execute, schemas):
    """Kind and rows of each relation; columns that hold the time of a run are left out."""
    names = ", ".join(f"'{schema}'" for schema in schemas)
    found = {}
    for schema, name, kind in execute(f"select table_schema, table_name, table_type from information_schema.tables where table_schema in ({names})"):
        columns = execute(f"select column_name from information_schema.columns where table_schema = '{schema}' and table_name = '{name}' order by 1")
        kept = [column for (column,) in columns if column not in ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")]
        try:
            rows = execute(f'select {", ".join(chr(34) + column + chr(34) for column in kept)} from "{schema}"."{name}"')
        except Exception as problem:  # A view of what is not there any more.
            rows = [type(problem).__name__]
        found[f"{schema}.{name}"] = [kind, [column for (column,) in columns], sorted(map(str, rows))]
    return found


def run_dbt(tool, words):
    """Runs dbt in this process, in which its modules are loaded already."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    output, kept = tool.root / "output.txt", (os.getcwd(), dict(os.environ), os.dup(1), os.dup(2))
    sys.stdout.flush()
    with open(output, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        os.chdir(tool.root)
        os.environ.clear()
        os.environ.update(tool.env)
        try:
            result = dbtRunner().invoke(words)
        finally:
            # It keeps the file open.
            DuckDBConnectionManager.close_all_connections()
            gc.collect()
            sys.stdout.flush()
            folder, env, out, err = kept
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(env)
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
    return 0 if result.success else 1 if result.exception is None else 2, output.read_text()


def differences(one, other, path=""):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key), other.get(key), f"{path}/{key}")
    elif one != other:
        yield f"{path}\n      dbt:  {one}\n      hetl: {other}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("executable")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true", help="show what both printed where something differs")
    given = parser.parse_args()
    executable = str(Path(given.executable).resolve())
    def run_hetl(tool, words):
        done = subprocess.run([executable, *words], cwd=tool.root, env=tool.env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    steps = different = 0
    for name, sequence in SEQUENCES.items():
        if given.only not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="hetl-sequences-") as folder:
            left = {}
            for tool_name, run in (("dbt", run_dbt), ("hetl", run_hetl)):
                target = Postgres() if given.postgres else DuckDb()
                if given.postgres:
                    target.clean()
                tool = Tool(tool_name, Path(folder), target, run)
                left[tool_name] = [tool.step(shlex.split(step)) for step in sequence]
            for step, one, other in zip(sequence, left["dbt"], left["hetl"]):
                if one is None:
                    continue
                steps += 1
                found = list(differences(one[0], other[0]))
                if found:
                    different += 1
                    print(f"DIFFERENT {name}: {step}", *found, sep="\n    ", flush=True)
                    if given.verbose:
                        print("--- dbt", one[1], "--- hetl", other[1], sep="\n", flush=True)
    print(f"{steps} steps, {different} differ")
    sys.exit(bool(different))


main()
