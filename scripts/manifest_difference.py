"""Compares two manifests of one project field by field, the first by dbt, the second by hetl.

usage: manifest_difference.py DBT_MANIFEST HETL_MANIFEST

Prints a line for each path that differs, with a number of places and the first of them, and exits with 1 if there is any.
Not compared: times, ids, versions, hetl's own macros, and what ALLOWED names.
"""

import collections
import json
import sys

NEVER_EQUAL = {"created_at", "generated_at", "invocation_id", "invocation_started_at", "run_started_at", "dbt_version",
               "user_id", "build_path", "root_path"}
# Paths with the ids replaced by `*`, and why they may differ.
ALLOWED = {
    "docs/*": "dbt has a page of its own for projects without one",
    "nodes/*/checksum/checksum": "hooks have no file: dbt hashes one that it makes up",
    "unit_tests/*/checksum": "dbt hashes Python's text of its objects",
    "groups/*/config/*": "dbt gives groups the configs of models in the same folder",
    "macros/*/depends_on/macros": "dbt takes a text's method `replace` for its macro, and knows fewer dispatched macros",
    "nodes/*/depends_on/macros": "likewise",
    "nodes/*/refs/N/version": "a version that is written as a text stays one in dbt",
    "group_map/*": "the order of members",
}
BUILT_IN = ("dbt", "dbt_duckdb", "dbt_postgres")


def walk(one, other, path, found):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if key not in NEVER_EQUAL:
                walk(one.get(key, "(missing)"), other.get(key, "(missing)"), [*path, key], found)
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


def own(manifest):
    macros = manifest["macros"]
    manifest["macros"] = {key: value for key, value in macros.items() if value["package_name"] not in BUILT_IN}
    return manifest


def main():
    with open(sys.argv[1]) as one, open(sys.argv[2]) as other:
        found = []
        walk(own(json.load(one)), own(json.load(other)), [], found)
    kinds = collections.defaultdict(list)
    for path, one, other in found:
        if not is_allowed(path):
            kinds[shape(path)].append((path, one, other))
    for kind, places in kinds.items():
        path, one, other = places[0]
        print(f"{kind} ({len(places)}): {'/'.join(path)}: {json.dumps(one)[:200]} != {json.dumps(other)[:200]}")
    sys.exit(1 if kinds else 0)


main()
