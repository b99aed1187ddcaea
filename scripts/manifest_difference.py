"""Compares the manifests that dbt and hetl write of the same projects, field by field.

usage: manifest_difference.py DBT HETL PROJECT...

Both parse a copy of each project. Prints a line for each path that differs, with a number of places and the first of them, and exits
with 1 if there is any. Not compared: times, ids, versions, hetl's own macros, and what ALLOWED names.
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NEVER_EQUAL = {"created_at", "generated_at", "invocation_id", "invocation_started_at", "run_started_at", "dbt_version",
               "user_id", "build_path", "root_path"}
# Paths with the ids replaced by `*`, and why they may differ.
ALLOWED = {
    "docs/*/block_contents": "the text that dbt has for projects without an overview of their own",
    "macros/*/depends_on/macros": "dbt takes a text's method `replace` for its macro",
    "nodes/*/depends_on/macros": "likewise",
}
# Lists without an order: dbt's is that in which it read the files.
SETS = ("group_map",)
BUILT_IN = ("dbt", "dbt_duckdb", "dbt_postgres")


def walk(one, other, path, found):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if key not in NEVER_EQUAL:
                walk(one.get(key, "(missing)"), other.get(key, "(missing)"), [*path, key], found)
    elif path[0] in SETS and isinstance(one, list) and isinstance(other, list):
        if sorted(one) != sorted(other):
            found.append((path, one, other))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and path[-1] != "macros":
        for index, pair in enumerate(zip(one, other)):
            walk(*pair, [*path, str(index)], found)
    elif one != other:
        found.append((path, one, other))


def shape(path):
    by_id = path[0] not in ("metadata",)
    parts = ["*" if at == 1 and by_id else "N" if part.isdigit() else part for at, part in enumerate(path)]
    return "/".join(parts)


def is_allowed(path):
    text = shape(path)
    for known in ALLOWED:
        parts = known.split("/")
        if text == known or (parts[-1] == "*" and text.startswith("/".join(parts[:-1]) + "/")):
            return True
    return False


def manifest(executable, project, folder):
    """The manifest that an executable writes of a copy of a project, without built-in macros."""
    skipped = shutil.ignore_patterns("target", "logs", "*.duckdb", "dbt_packages", ".git")
    shutil.copytree(project, folder, ignore=skipped, symlinks=True)
    environment = os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_PROFILES_DIR": str(folder)}
    for command in ["deps", "parse"] if (folder / "packages.yml").exists() else ["parse"]:
        subprocess.run([executable, "--quiet", command], cwd=folder, env=environment, check=True)
    written = json.loads((folder / "target/manifest.json").read_text())
    macros = written["macros"]
    written["macros"] = {key: value for key, value in macros.items() if value["package_name"] not in BUILT_IN}
    return written


def main():
    dbt, hetl, *projects = sys.argv[1:]
    executables = [str(Path(shutil.which(executable) or executable).absolute()) for executable in (dbt, hetl)]
    different = 0
    for project in projects:
        found, kinds = [], collections.defaultdict(list)
        with tempfile.TemporaryDirectory() as work:
            # Both in a folder of the same name: some databases are named after it.
            folders = [Path(work) / name / "project" for name in ("dbt", "hetl")]
            walk(*(manifest(executable, project, folder) for executable, folder in zip(executables, folders)), [], found)
        for path, one, other in found:
            if not is_allowed(path):
                kinds[shape(path)].append((path, one, other))
        print(f"{project}: {len(kinds)} kinds of differences")
        for kind, places in kinds.items():
            path, one, other = places[0]
            print(f"{kind} ({len(places)}): {'/'.join(path)}: {json.dumps(one)[:200]} != {json.dumps(other)[:200]}")
        different += len(kinds)
    sys.exit(1 if different else 0)


main()
