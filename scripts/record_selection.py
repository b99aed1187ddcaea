"""Asks the real dbt what `ls` lists for many selections of one project, and writes the answers as JSON.

usage: record_selection.py PROJECT OUT [--count N] [--seed K] [--cases FILE] [--edits FILE] [--hetl EXE]
       [--continue]

Run by a Python that has dbt (see conformance.sh). Selections are made from the names, tags, paths and configs that the
project's manifest holds, always the same for one seed; --cases adds written ones, a line each, as a shell would read them.
--edits names a JSON list of [path, old text, new text], or a recording that has one: the manifest of the project as it is becomes the state, the edits
are made (no old text: a new file; neither: the file is removed), and selections also compare with the state, whose
run_results.json and sources.json are made up. With --hetl, hetl is asked too and the cases that differ are printed.
With --continue, what OUT has an answer to is not asked again: SIGTERM ends a recording with what was answered until then, and
the next one goes on from there.

OUT holds `lines`, each once; `cases`, `[arguments, answer]`, where an answer names lines by number (`0-4 9`) or is null where
dbt refuses; with --edits also `edits`, `results` (status by unique id) and `sources` (two times by unique id), from which
the state can be made again. The project is copied first: nothing is written beside it.
"""

import argparse
import functools
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

METHODS_WITHOUT_NODES = ["tag:nothing", "path:nowhere", "nothing_at_all", "config.materialized:nothing"]


def vocabulary(manifest):
    """Criteria without operators, grouped by method."""
    nodes = list(manifest["nodes"].values())
    sources = list(manifest["sources"].values())
    words = {}

    def add(method, value):
        words.setdefault(method, set()).add(value)

    for node in nodes + sources:
        fqn = node["fqn"]
        add("fqn", node["name"])
        for end in range(1, len(fqn) + 1):
            add("fqn", ".".join(fqn[:end]))
            if end < len(fqn):
                add("fqn", ".".join(fqn[:end]) + ".*")
        if len(fqn) > 2:
            add("fqn", ".".join(fqn[1:]))
        add("fqn", node["name"][:5] + "*")
        add("fqn", "*" + node["name"][-4:])
        add("fqn", "?" + node["name"][1:])
        add("fqn", "[" + node["name"][0] + "z]" + node["name"][1:])
        for tag in node["tags"]:
            add("tag", "tag:" + tag)
            add("tag", "tag:" + tag[:3] + "*")
        path = node["original_file_path"]
        add("path", "path:" + path)
        add("path", path)
        add("path", os.path.dirname(path))
        add("path", "path:" + os.path.dirname(path))
        add("path", "path:" + os.path.dirname(path) + "/*")
        add("file", "file:" + os.path.basename(path))
        add("file", "file:" + os.path.splitext(os.path.basename(path))[0])
        add("file", os.path.basename(path))
        add("package", "package:" + node["package_name"])
        add("resource_type", "resource_type:" + node["resource_type"])
        config = node["config"]
        for key in ("materialized", "severity", "schema", "group", "enabled", "access", "unique_key", "strategy"):
            if config.get(key) is not None:
                add("config", f"config.{key}:{config[key]}")
        for key, value in (config.get("meta") or {}).items():
            add("config", f"config.meta.{key}:{value}")
        if node.get("access"):
            add("access", "access:" + node["access"])
        if node.get("group"):
            add("group", "group:" + node["group"])
        if node.get("version") is not None:
            for kind in ("latest", "old", "prerelease", "none"):
                add("version", "version:" + kind)
            add("fqn", f"{node['name']}.v{node['version']}")
            add("fqn", f"{node['name']}_v{node['version']}")
        test = node.get("test_metadata")
        if test:
            add("test_name", "test_name:" + test["name"])
    for source in sources:
        add("source", "source:" + source["source_name"])
        add("source", f"source:{source['source_name']}.{source['name']}")
        add("source", f"source:{source['package_name']}.{source['source_name']}.*")
        add("source", "source:*")
    for kind in ("exposure", "metric", "semantic_model", "saved_query", "unit_test"):
        for resource in manifest.get(kind + "s" if kind != "saved_query" else "saved_queries", {}).values():
            add(kind, f"{kind}:{resource['name']}")
            add(kind, f"{kind}:{resource['package_name']}.{resource['name']}")
            add(kind, f"{kind}:*")
            add("resource_type", "resource_type:" + kind)
    for kind in ("generic", "singular", "unit", "data"):
        add("test_type", "test_type:" + kind)
    add("package", "package:this")
    add("nothing", random.choice(METHODS_WITHOUT_NODES))
    return {method: sorted(values) for method, values in sorted(words.items())}


STATUSES = ["success", "error", "fail", "warn", "skipped", "pass"]
COMPARING = [f"state:{word}" for word in (
    "new", "old", "modified", "unmodified", "modified.body", "modified.configs", "modified.persisted_descriptions",
    "modified.relation", "modified.macros", "modified.contract")]
COMPARING += [f"result:{status}" for status in STATUSES] + ["source_status:fresher"]


def made_up_state(manifest):
    """A status for each node, and for each source when it was loaded before and now."""
    ids = sorted(key for key in manifest["nodes"] if not key.startswith("analysis."))
    results = {key: STATUSES[at % len(STATUSES)] for at, key in enumerate(ids)}
    days = [("01", "02"), ("02", "02"), ("03", "01"), (None, "04")]
    sources = {}
    for at, key in enumerate(sorted(manifest["sources"])):
        sources[key] = [day and f"2026-01-{day}T00:00:00Z" for day in days[at % len(days)]]
    return results, sources


def write_state(manifest, results, sources):
    """Artifacts in the folders `state` and `target`, in the shapes of dbt's."""
    Path("state").mkdir()
    shutil.copy("target/manifest.json", "state/manifest.json")

    def artifact(path, version, rows, more):
        about = {"dbt_schema_version": f"https://schemas.getdbt.com/dbt/{version}.json", "dbt_version": "1.11.0",
                 "generated_at": "2026-01-05T00:00:00Z", "invocation_id": "0", "env": {}}
        Path(path).write_text(json.dumps({"metadata": about, "results": rows, "elapsed_time": 1.0, **more}))

    ran = {"timing": [], "thread_id": "Thread-1", "execution_time": 1.0, "adapter_response": {}, "message": None,
           "failures": None, "compiled": True, "compiled_code": "", "relation_name": None, "batch_results": None}
    rows = [{"unique_id": key, "status": status, **ran} for key, status in results.items()]
    artifact("state/run_results.json", "run-results/v6", rows, {"args": {}})
    asked = {"snapshotted_at": "2026-01-05T00:00:00Z", "max_loaded_at_time_ago_in_s": 1.0, "status": "pass",
             "adapter_response": {}, "timing": [], "thread_id": "Thread-1", "execution_time": 1.0,
             "criteria": {"warn_after": None, "error_after": None, "filter": None}}
    for at, path in enumerate(["state/sources.json", "target/sources.json"]):
        rows = [{"unique_id": key, "max_loaded_at": times[at], **asked} for key, times in sources.items() if times[at]]
        artifact(path, "sources/v3", rows, {})


def edit(root, edits):
    """Makes edits below a folder: the file, the text that is there (none for a new file), and what comes in its place (none removes the file)."""
    for path, old, new in edits:
        file = root / path
        if new is None:
            file.unlink()
        elif old is None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(new)
        else:
            text = file.read_text()
            if old not in text:
                sys.exit(f"{path} has no {old!r}")
            file.write_text(text.replace(old, new, 1))


def numbers_of(lines, known):
    """`0-4 9`: the places of lines among the known ones, to which new ones are added."""
    places = [known.setdefault(line, len(known)) for line in lines]
    runs = []
    for place in places:
        if runs and runs[-1][1] + 1 == place:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def recorded_answers(path):
    """Lines by arguments, as an earlier recording has them."""
    recording = json.loads(path.read_text())

    def lines_of(numbers):
        runs = ([int(end) for end in run.split("-")] for run in numbers.split())
        return [recording["lines"][number] for run in runs for number in range(run[0], run[-1] + 1)]

    return {tuple(case): numbers if numbers is None else lines_of(numbers) for case, numbers in recording["cases"]}


def make_cases(manifest, count, seed, compares):
    """`count` lists of arguments."""
    chance = random.Random(seed)
    random.seed(seed)
    words = vocabulary(manifest)
    if compares:
        words["state"] = COMPARING
    methods = list(words)

    def criterion():
        method = "state" if compares and chance.random() < 0.3 else chance.choice(methods)
        text = chance.choice(words[method])
        kind = chance.randrange(8)
        if kind == 0:
            return "+" + text
        if kind == 1:
            return text + "+"
        if kind == 2:
            return f"{chance.randint(1, 3)}+{text}"
        if kind == 3:
            return f"{text}+{chance.randint(1, 2)}"
        if kind == 4:
            return f"+{text}+"
        if kind == 5:
            return "@" + text
        return text

    def terms(most):
        return [",".join(criterion() for _ in range(chance.choice([1, 1, 2]))) for _ in range(chance.randint(1, most))]

    cases = []
    for method in methods:
        # Each method appears, whatever chance says.
        for text in words[method] if method == "state" else words[method][:2] if method == "fqn" else words[method][:4]:
            cases.append(["--select", text])
    while len(cases) < count:
        case = ["--select", *terms(3)]
        if chance.random() < 0.4:
            case += ["--exclude", *terms(2)]
        if chance.random() < 0.35:
            case += ["--indirect-selection", chance.choice(["eager", "cautious", "buildable", "empty"])]
        if chance.random() < 0.25:
            kinds = ["model", "test", "seed", "snapshot", "source", "analysis", "exposure", "unit_test", "metric",
                     "semantic_model", "saved_query", "all", "default"]
            case += ["--resource-type", chance.choice(kinds)]
        elif chance.random() < 0.1:
            case += ["--exclude-resource-type", chance.choice(["model", "test", "seed", "source", "unit_test"])]
        if chance.random() < 0.3:
            # Whole resources of a large project would make a large file.
            case += ["--output", chance.choice(["name", "path", "json" if len(manifest["nodes"]) < 100 else "selector"])]
        cases.append(case)
    return [case + ["--state", "state"] if compares else case for case in cases[:count]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases")
    parser.add_argument("--edits")
    parser.add_argument("--hetl")
    parser.add_argument("--continue", dest="goes_on", action="store_true")
    given = parser.parse_args()

    source = Path(given.project).resolve()
    work = Path(tempfile.mkdtemp(prefix="hetl-selection-")) / "project"
    skipped = shutil.ignore_patterns("target", "logs", "*.duckdb", "dbt_packages")
    shutil.copytree(source, work, ignore=skipped, symlinks=True)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DBT_PROFILES_DIR"] = str(work)
    hetl = str(Path(given.hetl).resolve()) if given.hetl else None
    out, written = Path(given.out).resolve(), given.cases and Path(given.cases).read_text()
    edits = json.loads(Path(given.edits).read_text()) if given.edits else []
    edits = edits["edits"] if isinstance(edits, dict) else edits
    os.chdir(work)

    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import WritableManifest

    # The state is the same for every case.
    WritableManifest.read_and_check_versions = functools.cache(WritableManifest.read_and_check_versions)

    def parse():
        parsed = dbtRunner().invoke(["parse", "--quiet", "--no-partial-parse"])
        if not parsed.success:
            sys.exit(f"dbt cannot parse {given.project}: {parsed.exception}")
        return parsed.result, json.loads(Path("target/manifest.json").read_text())

    if (work / "packages.yml").exists():
        dbtRunner().invoke(["deps", "--quiet"])
    parsed, manifest = parse()
    recording = {}
    if edits:
        results, sources = made_up_state(manifest)
        write_state(manifest, results, sources)
        recording = {"edits": edits, "results": results, "sources": sources}
        edit(work, edits)
        parsed, manifest = parse()
    cases = make_cases(manifest, given.count, given.seed, bool(edits))
    if written:
        lines = (line.strip() for line in written.splitlines())
        cases += [shlex.split(line) for line in lines if line and not line.startswith("#")]

    earlier = recorded_answers(out) if given.goes_on and out.exists() else {}
    answers, known, different, is_stopped = [], {}, 0, []
    # Who stops it gets what was answered until then.
    signal.signal(signal.SIGTERM, lambda *_: is_stopped.append(True))
    if hetl and edits:
        # Each is asked about a state of its own: texts and checksums of built-in macros differ.
        theirs = work.with_name("hetl")
        shutil.copytree(source, theirs, ignore=skipped, symlinks=True)
        os.environ["DBT_PROFILES_DIR"] = str(theirs)
        if (work / "dbt_packages").exists():
            shutil.copytree(work / "dbt_packages", theirs / "dbt_packages")
        os.chdir(theirs)
        subprocess.run([hetl, "--quiet", "parse"], check=True)
        write_state(manifest, results, sources)
        edit(theirs, edits)
        os.chdir(work)
        os.environ["DBT_PROFILES_DIR"] = str(work)
    # `--quiet` does not keep dbt from printing the lines, which are in its answer too.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for case in cases:
        if is_stopped:
            break
        # The selection is done on the manifest that was parsed once.
        if tuple(case) in earlier:
            lines = earlier[tuple(case)]
            answers.append([case, None if lines is None else numbers_of(lines, known)])
            continue
        asked = dbtRunner(manifest=parsed).invoke(["--quiet", "--no-write-json", "--log-level-file", "none", "ls", *case])
        lines = asked.result if asked.success else None
        answers.append([case, None if lines is None else numbers_of(lines, known)])
        if hetl:
            told = subprocess.run([hetl, "--quiet", "ls", *case], cwd=theirs if edits else work, capture_output=True, text=True)
            answer = told.stdout.splitlines() if told.returncode == 0 else None
            if answer != lines and not same_json(answer, lines):
                different += 1
                print("DIFFERENT", shlex.join(case), f"dbt {len(lines or [])} lines, hetl {len(answer or [])}", file=sys.stderr)
                for sign, some, others in (("-", lines, answer), ("+", answer, lines)):
                    for line in [line for line in some or ["(error)"] if line not in (others or [])][:4]:
                        print("   ", sign, line[:400], file=sys.stderr)

    def rows(items):
        return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"

    recording |= {"lines": list(known), "cases": answers}
    whole = ",\n".join(
        f"{json.dumps(key)}: {rows(value) if isinstance(value, list) else json.dumps(value, separators=(',', ':'))}"
        for key, value in recording.items())
    out.write_text("{\n" + whole + "\n}\n")
    print(f"{len(answers)} cases, {different} different", file=sys.stderr)


def same_json(one, other):
    """Lists of JSON objects with the same content."""
    try:
        return one is not None and other is not None and [json.loads(x) for x in one] == [json.loads(x) for x in other]
    except ValueError:
        return False


if __name__ == "__main__":
    main()
