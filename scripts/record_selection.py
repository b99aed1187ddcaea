"""Asks the real dbt what `ls` lists for many selections of one project, and writes the answers as JSON.

usage: record_selection.py PROJECT OUT [--state DIR] [--count N] [--seed K] [--cases FILE] [--hetl EXE]

Run by a Python that has dbt (see conformance.sh). Selections are made from the names, tags, paths and configs that the
project's manifest holds, always the same for one seed; FILE adds written ones, a line each, as a shell would read them.
OUT is `[[arguments], [lines]]` per case, or null for lines where dbt refuses. With --hetl, hetl is asked too and the
cases that differ are printed. The project is copied first: nothing is written beside it.
"""

import argparse
import json
import os
import random
import shlex
import shutil
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


def make_cases(manifest, count, seed):
    """`count` lists of arguments."""
    chance = random.Random(seed)
    random.seed(seed)
    words = vocabulary(manifest)
    methods = list(words)

    def criterion():
        text = chance.choice(words[chance.choice(methods)])
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
        for text in words[method][:2] if method == "fqn" else words[method][:4]:
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
            case += ["--output", chance.choice(["name", "path", "json"])]
        cases.append(case)
    return cases[:count]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("out")
    parser.add_argument("--state")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases")
    parser.add_argument("--hetl")
    given = parser.parse_args()

    work = Path(tempfile.mkdtemp(prefix="hetl-selection-")) / "project"
    skipped = shutil.ignore_patterns("target", "logs", "*.duckdb", "dbt_packages")
    shutil.copytree(given.project, work, ignore=skipped, symlinks=True)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DBT_PROFILES_DIR"] = str(work)
    state = ["--state", str(Path(given.state).resolve())] if given.state else []
    hetl = str(Path(given.hetl).resolve()) if given.hetl else None
    out, written = Path(given.out).resolve(), given.cases and Path(given.cases).read_text()
    os.chdir(work)

    from dbt.cli.main import dbtRunner

    if (work / "packages.yml").exists():
        dbtRunner().invoke(["deps", "--quiet"])
    parsed = dbtRunner().invoke(["parse", "--quiet"])
    if not parsed.success:
        sys.exit(f"dbt cannot parse {given.project}: {parsed.exception}")
    manifest = json.loads((work / "target" / "manifest.json").read_text())
    cases = make_cases(manifest, given.count, given.seed)
    if written:
        lines = (line.strip() for line in written.splitlines())
        cases += [shlex.split(line) for line in lines if line and not line.startswith("#")]

    answers, different = [], 0
    for case in cases:
        # The selection is done on the manifest that was parsed once.
        asked = dbtRunner(manifest=parsed.result).invoke(["--quiet", "ls", *case, *state])
        lines = asked.result if asked.success else None
        answers.append([case, lines])
        if hetl:
            told = subprocess.run([hetl, "--quiet", "ls", *case, *state], capture_output=True, text=True)
            theirs = told.stdout.splitlines() if told.returncode == 0 else None
            if theirs != lines and not same_json(theirs, lines):
                different += 1
                print("DIFFERENT", shlex.join(case), f"dbt {len(lines or [])} lines, hetl {len(theirs or [])}", file=sys.stderr)
                for sign, some, others in (("-", lines, theirs), ("+", theirs, lines)):
                    for line in [line for line in some or ["(error)"] if line not in (others or [])][:4]:
                        print("   ", sign, line[:400], file=sys.stderr)
    compact = ",\n".join(json.dumps(answer, separators=(",", ":")) for answer in answers)
    out.write_text(f"[\n{compact}\n]\n")
    print(f"{len(cases)} cases, {different} different", file=sys.stderr)


def same_json(one, other):
    """Lists of JSON objects with the same content."""
    try:
        return one is not None and other is not None and [json.loads(x) for x in one] == [json.loads(x) for x in other]
    except ValueError:
        return False


main()
