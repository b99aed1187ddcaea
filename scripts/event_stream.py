#!/usr/bin/env python3
"""Compares the JSON lines of commands with the real dbt's: names, codes, levels, texts, data and their types, and the order of events.

    event_stream.py DBT EXECUTABLE [--only WORD] [--keep FOLDER]

Both run the commands below, one after the other, on copies of tests/differential/events, with one thread and debug events. What is never the
same in two runs is left out; what may differ, and why, stands below. Exit code 1 if anything else differs. The events of a node are compared in
their order; others by their number. --keep leaves the lines of both in a
folder; --only compares the commands that contain a word (all are run: they build on each other).
"""

import argparse
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

PROJECT = Path(__file__).resolve().parent.parent / "tests/differential/events"

DAYS = "--event-time-start 2026-01-01 --event-time-end 2026-01-04"
BREAKS = "--vars '{breaks: true}'"
COMMANDS = [
    "debug",
    "deps",
    "parse --no-partial-parse",
    "ls --select events+ --exclude config.materialized:ephemeral",
    "ls --output json --select events --output-keys name unique_id",
    "ls --select nothing_like_this",
    "compile --select shown",
    "compile --inline \"select * from {{ ref('events') }}\"",
    "seed",
    f"build {DAYS}",
    "run --select events --full-refresh",
    "run --select nothing_like_this",
    f"run {DAYS} --select by_day --full-refresh",
    "test",
    "test --select warned --store-failures",
    "snapshot",
    "source freshness",
    "show --select events --limit 2",
    "show --inline \"select 1 as one\" --output json",
    "run-operation greet --args '{name: Ada}'",
    "run-operation fails",
    "run-operation bad_query",
    "run-operation not_there",
    "docs generate",
    "docs generate --no-compile",
    "clone --state state --target prod",
    f"build {DAYS} {BREAKS}",
    "retry",
    f"run {BREAKS} --fail-fast --select broken+",
    f"run {DAYS} {BREAKS} --select by_day",
    "retry",
    f"test {BREAKS}",
    f"compile {BREAKS} --select raises",
    "compile --select with_unknown_ref --vars '{broken_ref: true}'",
    "run --select warns --warn-error",
    "run --no-such-flag",
    "clean",
]

# Keys whose values are never the same in two runs.
UNSTABLE = {
    "index",
    "completed_at", "created_at", "elapsed", "execution", "execution_time", "generated_at", "invocation_id", "node_finished_at",
    "node_started_at", "pid", "started_at", "thread", "thread_id", "ts", "age", "max_loaded_at_time_ago_in_s", "snapshotted_at",
}  # fmt: skip

# dbt's events that hetl does not send, by regular expressions of their names, and why.
NOT_SENT = {
    "(New|)Connection(Opening|Reused|Closed|ClosedInCleanup|)|ConnectionUsed|SQL(Query|QueryStatus|Commit)|Rollback":
        "connections are used in another way, and the SQL of built-in macros is hetl's own",
    "Cache(Miss|Action|DumpGraph)|ListRelations|SchemaCreation|AdapterEventDebug": "relations are cached in another way",
    "WritingInjectedSQLForNode": "dbt says it of hooks too, twice of what has ephemeral inputs, and not of snapshots",
    "MicrobatchExecutionDebug|GenericExceptionOnRun": "of how dbt's threads work",
    "PartialParsing.*|UnableToPartialParse|StateCheckVarsHash": "the parse cache is another",
    "System(ExecutingCmd|StdErr|StdOut)": "dbt calls git to see whether it is there",
    "FlushEvents": "of usage statistics, which are not sent",
    "LogDebugStackTrace|CatchableExceptionOnRun": "of Python's exceptions",
    "ResourceReport|EndRunResult": "what a process used, and all results once more",
    "AdapterRegistered|MainReportArgs": "compared below",
    "ParsePerfInfoPath|DepsSetDownloadDirectory": "hetl has no such file or folder",
}

# Events without a node whose number may differ, and why.
UNCOUNTED = {
    "ArtifactWritten|FoundStats": "dbt writes the manifest after it parsed and again at the end",
    "Note": "dbt notes whether anything changed",
    "JinjaLog.*|NoNodeForYamlKey|PrintEvent": "dbt tells what it met while parsing only if it parses again; hetl does not log while it parses",
    "Formatting": "blank lines",
    "DebugCmd(Out|Result)": "there is no Python to tell of",
    "RunningOperationCaughtError": "hetl knows that a macro is not there before it runs an operation",
}

# Data that may differ, as regular expressions of `event/part/key`, and why.
ALLOWED = {
    "MainReportVersion/.*": "each names itself",
    "CommandCompleted/(info/msg|data/command)": "likewise",
    "DebugCmd(Out|Result)/.*": "likewise",
    "FoundStats/.*": "macros are counted, and hetl has more; the order of kinds is that of files in dbt",
    "ConcurrencyLine/data/node_count": "dbt does not count unit tests",
    "(JinjaLogWarning|NoNodeForYamlKey|NoNodesForSelectionCriteria)/(info/msg|data/diagnostic)": "warnings have a code and a place",
    "NoNodeForYamlKey/data/.*": "these are in the diagnostic",
    "NoNodesForSelectionCriteria/data/msg": "likewise",
    "(MainEncounteredError|RunningOperationCaughtError|RunResultError)/(info/msg|data/exc|data/msg)": "texts of errors are hetl's",
    "(NodeFinished|MarkSkippedChildren)/(info/msg|data/run_result/message)": "likewise",
    ".*/data/node_info/(materialized|node_checksum)": "dbt gives SQL of the command line the configs of models, and unit tests now one, now none",
    "LogTestResult/data/node_info/node_status": "dbt says None of a unit test, the status of others",
    ".*/data/node_info/(node_path|node_relation/.*)": "of a unit test dbt says now that it is of its own, now what it is in the database",
    "NodeFinished/data/run_result/adapter_response/.*": "dbt names what an answer might have had",
    "Note/.*|Formatting/.*|ArtifactWritten/.*|PrintEvent/.*": "their number differs",
}

# hetl says of a stale source why it is, where dbt has no message.
SAME = {"RunResultErrorNoMessage": "RunResultError"}

# dbt tells of each batch what it tells of nodes; hetl tells it of the model.
OF_BATCHES = {"NodeStart", "NodeCompiling", "NodeExecuting", "NodeFinished"}

# What a built-in macro of dbt's says before each statement.
RUNTIME_SQL = re.compile(r"Writing runtime sql for node", re.IGNORECASE)

# Times, and the number of a job, which depends on the order of threads.
CHANGING = re.compile(r"^\d+ of (?=\d+ )|\d+\.\d+e?-?\d*s|\d+\.\d+ seconds|\d\d:\d\d:\d\d(\.\d+)?|0x[0-9a-f]+")
# hetl's messages have no colours.
COLOURS = re.compile(r"\x1b\[\d+m")


def run(name, executable, work, keep):
    """JSON lines and exit codes by command; a line that is not JSON is an event without a name."""
    folder = work / name
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*", "dbt_packages", "package-lock.yml"))
    env = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "HETL_"))}
    env |= {"TZ": "UTC", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "DBT_PROFILES_DIR": str(folder)}
    streams = []
    for at, command in enumerate(COMMANDS):
        if command.startswith("clone"):
            shutil.copytree(folder / "target", folder / "state")
        call = [executable, "--log-format", "json", "--log-level", "debug", *shlex.split(command)]
        done = subprocess.run(call, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        text = done.stdout.replace(str(folder), "<project>")
        if keep:
            (keep / f"{at:02}-{name}.json").write_text(text + done.stderr)
        lines = [json.loads(line) if line.startswith("{") else {"info": {"name": "", "msg": line}, "data": {}} for line in text.splitlines()]
        streams.append((done.returncode, lines, done.stderr))
    return streams


def stable(value):
    if isinstance(value, dict):
        return {key: stable(item) for key, item in value.items() if key not in UNSTABLE}
    if isinstance(value, list):
        return [stable(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        # dbt's JSON knows no whole numbers in free data.
        return int(value)
    return CHANGING.sub("#", COLOURS.sub("", value)) if isinstance(value, str) else value


def shape(value):
    """Names of fields and kinds of values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def differences(one, other, path):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key, "<missing>"), other.get(key, "<missing>"), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, pair in enumerate(zip(one, other)):
            yield from differences(*pair, f"{path}/{position}")
    elif (type(one), one) != (type(other), other):
        yield path, one, other


def is_named(name, known):
    return any(re.fullmatch(pattern, name) for pattern in known)


def by_subject(stream):
    """Lines by the node that they are about and their names, and the names of each node's lines in their order."""
    lines, order = collections.defaultdict(list), collections.defaultdict(list)
    batched = {line["data"]["node_info"]["unique_id"] for line in stream if line["info"]["name"] == "LogStartBatch"}
    for line in stream:
        name, node = line["info"]["name"], line["data"].get("node_info") or {}
        subject = node.get("unique_id") or line["data"].get("unique_id") or ""
        if name.startswith("JinjaLog") and subject.startswith("sql_operation."):
            # What runs an operation has no node in dbt.
            subject = ""
        if is_named(name, NOT_SENT) or node.get("materialized") == "ephemeral" or RUNTIME_SQL.match(line["info"]["msg"]):
            continue
        if subject in batched and name in OF_BATCHES and name in order[subject]:
            # The model's own is the first, of ends the last.
            if name != "NodeFinished":
                continue
            order[subject].remove(name)
            lines[name, subject].clear()
        lines[name, subject].append(line)
        order[subject].append(SAME.get(name, name))
    order.pop("", None)
    return lines, order


def compare(command, one, other):
    found = []
    if one[0] != other[0]:
        found.append(f"exit code {one[0]} and {other[0]}")
    if bool(one[2]) != bool(other[2]):
        found.append(f"standard error: {one[2][-300:]!r} and {other[2][-300:]!r}")
    (theirs, order), (ours, our_order) = by_subject(one[1]), by_subject(other[1])
    for subject in sorted({*order, *our_order}):
        if order[subject] != our_order[subject]:
            found.append(f"events of {subject}:\n    dbt  {' '.join(order[subject])}\n    hetl {' '.join(our_order[subject])}")
    for name, subject in sorted({*theirs, *ours}):
        if not subject and len(theirs[name, subject]) != len(ours[name, subject]) and not is_named(name, UNCOUNTED):
            found.append(f"{name}: {len(theirs[name, subject])} times in dbt, {len(ours[name, subject])} in hetl")
        for pair in zip(theirs[name, subject], ours[name, subject]):
            found += compare_line(*pair)
    return [f"`{command}`: {text}" for text in dict.fromkeys(found)]


def compare_line(one, other):
    name = one["info"]["name"]
    rows = []
    for part in ("info", "data"):
        rows += [row for row in differences(stable(one[part]), stable(other[part]), part) if not is_named(f"{name}/{row[0]}", ALLOWED)]
        rows += [row for row in differences(shape(stable(one[part])), shape(stable(other[part])), f"type of {part}")
                 if not is_named(f"{name}/{row[0].removeprefix('type of ')}", ALLOWED) and "<missing>" not in row[1:]]
    return [f"{name}: {path}\n    dbt  {json.dumps(theirs)[:300]}\n    hetl {json.dumps(ours)[:300]}" for path, theirs, ours in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dbt")
    parser.add_argument("executable")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        theirs = run("dbt", given.dbt, Path(work), given.keep)
        ours = run("hetl", str(Path(given.executable).resolve()), Path(work), given.keep)
    found = [text for at, command in enumerate(COMMANDS) if given.only in command for text in compare(command, theirs[at], ours[at])]
    print("\n".join([*found, f"{len(found)} differences in {len(COMMANDS)} commands"]))
    return bool(found)


sys.exit(main())
