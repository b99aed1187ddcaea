#!/usr/bin/env python3
"""Compares what an executable writes with what the real dbt writes: every artifact, field by field, and the JSON log lines.

    same_output.py DBT EXECUTABLE PROJECT COMMAND...        (a command is one argument: "build --select a")

Both run the commands on copies of the project, one after the other. What is never the same in two runs is left out. What may differ, and
why, stands below. Exit code 1 if anything else differs.
"""

import collections
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ARTIFACTS = ("manifest.json", "run_results.json", "catalog.json", "sources.json", "semantic_manifest.json")

# Keys whose values are never the same in two runs.
UNSTABLE = {
    "completed_at", "created_at", "elapsed", "elapsed_time", "execution", "execution_time", "generated_at", "invocation_id",
    "invocation_started_at", "max_loaded_at_time_ago_in_s", "node_finished_at", "node_started_at", "pid", "run_generated_at",
    "run_started_at", "snapshotted_at", "started_at", "thread", "thread_id", "ts", "user_id",
}  # fmt: skip

# Fields of artifacts that may differ, as regular expressions of file and path, and why.
ALLOWED = {
    r".*: metadata/(dbt|hetl)_version": "each names itself",
    r"manifest.json: (macros|docs)/(macro|doc)\.dbt[._].*": "built-in macros and texts are each one's own",
    r"manifest.json: (nodes|macros)/[^/]*/depends_on/macros.*": "likewise",
    r"(manifest.json: nodes|run_results.json: results)/(unit_)?test[^/]*/compiled_code": "blanks of built-in macros",
    r"manifest.json: unit_tests/[^/]*/checksum": "dbt's is of how Python writes its objects",
    r"manifest.json: nodes/operation[^/]*/compiled_path": "hetl writes the SQL of hooks too",
    r"manifest.json: nodes/snapshot[^/]*/(compiled|compiled_path|compiled_code|extra_ctes.*)": "hetl writes the SQL of snapshots too",
    r"run_results.json: results/snapshot[^/]*/(compiled|compiled_code)": "likewise",
    r"manifest.json: group_map/.*": "the order in which files were read",
    r"manifest.json: groups/[^/]*/config/materialized": "a default of dbt's that means nothing",
    r"manifest.json: nodes/operation[^/]*/(index|checksum/checksum)": "dbt numbers hooks anew when it runs them; its checksum is of the project file",
    r"manifest.json: nodes/test[^/]*/refs/[0-9]*/version": "text or number, as written",
    r"manifest.json: sources/[^/]*/unrendered_(schema|database)": "hetl does not keep them",
    r"run_results.json: args/.*": "dbt has the flags that the command takes, hetl has all",
}

# Events whose lines are compared with all their data.
COMPARED = {
    "ConcurrencyLine", "EndOfRunSummary", "LogFreshnessResult", "LogHookEndLine", "LogHookStartLine", "LogModelResult",
    "LogNodeNoOpResult", "LogSeedResult", "LogSnapshotResult", "LogStartLine", "LogTestResult", "NodeCompiling", "NodeExecuting",
    "NodeFinished", "NodeStart", "NothingToDo", "RunResultWarning", "RunResultFailure", "RunResultWarningMessage", "SQLCompiledPath",
    "SkippingDetails", "StatsLine", "ShowNode", "CompiledNode", "PrintEvent", "JinjaLogInfo", "CatalogWritten", "BuildingCatalog",
    "MarkSkippedChildren", "LogSkipBecauseError", "ArtifactWritten", "FreshnessCheckComplete", "CheckNodeTestFailure",
}  # fmt: skip

# dbt writes some files twice.
REPEATED = {"ArtifactWritten"}

# Data of log lines that may differ: numbers of jobs, which depend on the order of threads (dbt does not count unit tests in one place),
# and more. Of a unit test dbt says now that it is of its own, now what it is in the database.
ALLOWED_DATA = {"cfg", "index", "node_checksum", "node_count", "timing_info"}


def run(name: str, executable: str, project: Path, commands: list[str], work: Path):
    """Artifacts by command and name, JSON lines and exit codes by command."""
    folder = work / name
    ignored = shutil.ignore_patterns("target", "logs", "*.duckdb", "*.duckdb.wal", ".git", "dbt_packages")
    shutil.copytree(project, folder, symlinks=True, ignore=ignored)
    env = {key: value for key, value in os.environ.items() if not key.startswith("DBT_")}
    env |= {"TZ": "UTC", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "DBT_PROFILES_DIR": str(folder)}
    env |= {"DBT_USE_COLORS": "false"}
    artifacts, lines, exits = {}, {}, {}
    for command in commands:
        for artifact in ARTIFACTS:
            (folder / "target" / artifact).unlink(missing_ok=True)
        call = [executable, "--log-format", "json", "--log-level", "debug", *shlex.split(command)]
        done = subprocess.run(call, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        exits[command] = done.returncode
        lines[command] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        written = [artifact for artifact in ARTIFACTS if (folder / "target" / artifact).exists()]
        artifacts[command] = {artifact: json.loads((folder / "target" / artifact).read_text()) for artifact in written}
    return json.loads(json.dumps([artifacts, lines, exits]).replace(str(folder), "<project>"))


def differences(one, other, path=()):
    """Path, dbt's value and the other for each leaf that differs."""
    if path and path[-1] in UNSTABLE:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key, "<missing>"), other.get(key, "<missing>"), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, pair in enumerate(zip(one, other)):
            yield from differences(*pair, (*path, str(position)))
    elif one != other:
        yield path, one, other


def by_id(content: dict) -> dict:
    """Results in an order that does not depend on threads."""
    if isinstance(content.get("results"), list):
        content = content | {"results": {row["unique_id"]: row for row in content["results"]}}
    return content


def compare_artifacts(command: str, one: dict, other: dict) -> list[str]:
    found = []
    for artifact in sorted({*one, *other}):
        if artifact not in one or artifact not in other:
            found.append(f"{artifact} of `{command}`: written by {'hetl' if artifact in other else 'dbt'} only")
            continue
        groups = collections.defaultdict(list)
        for path, theirs, ours in differences(by_id(one[artifact]), by_id(other[artifact])):
            where = f"{artifact}: {'/'.join(path)}"
            if not any(re.fullmatch(allowed, where) for allowed in ALLOWED):
                groups["/".join("*" if "." in step or step.isdigit() else step for step in path)].append((path, theirs, ours))
        for general, rows in groups.items():
            path, theirs, ours = rows[0]
            text = f"{artifact} of `{command}`: {general} ({len(rows)}), e.g. {'/'.join(path)}:"
            found.append(f"{text}\n    dbt  {json.dumps(theirs)[:400]}\n    hetl {json.dumps(ours)[:400]}")
    return found


# Times, and the number of a job, which depends on the order of threads.
CHANGING = re.compile(r"\d+\.\d+e?-?\d*s|\d+\.\d+ seconds|\d\d:\d\d:\d\d(\.\d+)?|\b\d+ of \d+\b|\.* \[")
# hetl says of a stale source why it is.
STALE = re.compile(r"( Reason: )?[^ ]+ was last loaded at .*")


def stable(value):
    """A line's data without what is never the same."""
    if isinstance(value, dict):
        if value.get("resource_type") == "unit_test":
            value = {key: value[key] for key in ("unique_id", "node_name", "meta")}
        return {key: stable(item) for key, item in value.items() if key not in UNSTABLE | ALLOWED_DATA}
    if isinstance(value, list):
        return [stable(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return CHANGING.sub("#", STALE.sub("", value)) if isinstance(value, str) else value


def is_ephemeral(line: dict) -> bool:
    """Whether it is about an ephemeral model, which has a job of its own in dbt only."""
    return line["data"].get("node_info", {}).get("materialized") == "ephemeral"


def line_key(line: dict) -> str:
    info, data = line["info"], line["data"]
    shown = [info["name"], info["code"], info["level"], stable(info["msg"]), sorted(data), stable(data)]
    return json.dumps(shown, sort_keys=True)


def compare_lines(command: str, one: list, other: list) -> list[str]:
    found = []
    for name in sorted(COMPARED):
        theirs, ours = (
            collections.Counter(line_key(line) for line in lines if line["info"]["name"] == name and not is_ephemeral(line))
            for lines in (one, other)
        )
        missing, more = theirs - ours, ours - theirs
        if name in REPEATED:
            missing, more = (collections.Counter(set(one) - set(other)) for one, other in ((theirs, ours), (ours, theirs)))
        if missing or more:
            text = f"log of `{command}`: {name}: {missing.total()} of dbt's only, {more.total()} of hetl's only"
            shown = [(side, line) for side, lines in (("dbt ", missing), ("hetl", more)) for line in list(lines)[:2]]
            found.append(text + "".join(f"\n    {side} {line[:900]}" for side, line in shown))
    return found


def main() -> int:
    dbt, executable, project, *commands = sys.argv[1:]
    work = Path(tempfile.mkdtemp())
    try:
        theirs = run("dbt", dbt, Path(project), commands, work)
        ours = run("hetl", str(Path(executable).resolve()), Path(project), commands, work)
    finally:
        shutil.rmtree(work)
    found = []
    for command in commands:
        if theirs[2][command] != ours[2][command]:
            found.append(f"exit code of `{command}`: {theirs[2][command]} and {ours[2][command]}")
        found += compare_artifacts(command, theirs[0][command], ours[0][command])
        found += compare_lines(command, theirs[1][command], ours[1][command])
    print("\n".join([*found, f"{len(found)} differences in {', '.join(commands)} of {Path(project).name}"]))
    return min(len(found), 1)


sys.exit(main())
