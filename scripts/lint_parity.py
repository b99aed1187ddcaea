#!/usr/bin/env python3
"""Compares the findings of `hetl lint` with those of sqlfluff, on the compiled SQL of dbt projects.

    scripts/lint_parity.py HETL SQLFLUFF [--dialect duckdb] [--limit 200] [--show] FOLDER...

Each FOLDER is searched for .sql files without tags (target/compiled of a project). All are copied into one project of their own, with one
.sqlfluff (`rules = all`), and linted by both. A finding is the same if file, line and code are. Prints counts by rule of what only one of the
two finds, with the reason where it is known (of files that sqlfluff cannot read it tells less), and exits with 1 if hetl misses more than 2 % of what sqlfluff finds.
"""

import argparse
import collections
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

# Why the two differ, by what was looked at.
REASONS = {
    "LT02": "the indents that sqruff accepts are not all those of sqlfluff",
}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def copy(folders, models, limit):
    texts = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.sql")):
            # Generic tests lie below the YAML file that asks for them.
            if any(part.endswith((".yml", ".yaml")) for part in path.parts[:-1]):
                continue
            text = path.read_text(encoding="utf-8")
            if not any(tag in text for tag in ("{{", "{%", "{#")) and text.strip():
                texts.setdefault(text, path)
    # Spread over all folders, not the first ones.
    chosen = list(texts.items())
    step = max(1, len(chosen) / limit)
    chosen = [chosen[int(at * step)] for at in range(min(limit, len(chosen)))]
    for number, (text, path) in enumerate(chosen):
        (models / f"m{number:04}_{path.stem[:60]}.sql").write_text(text, encoding="utf-8")
    return len(chosen)


def findings(command, folder, kept=None):
    begin = cpu()
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    took = cpu() - begin
    if ran.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} failed ({ran.returncode}):\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    if kept:
        kept.write_text(ran.stdout)
    found = collections.Counter()
    messages = {}
    unread = set()
    for file in json.loads(ran.stdout or "[]"):
        name = pathlib.Path(file["filepath"]).name
        for violation in file["violations"]:
            if violation["code"] == "PRS":
                unread.add(name)
            key = (name, violation["start_line_no"], violation["code"])
            found[key] += 1
            messages[key] = violation["description"]
    return found, messages, unread, took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hetl", type=pathlib.Path)
    parser.add_argument("sqlfluff")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--dialect", default="duckdb")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--show", action="store_true", help="list what only one of the two finds")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the project there, and use what sqlfluff said of it before")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or pathlib.Path(temporary)
        models = folder / "models"
        models.mkdir(parents=True, exist_ok=True)
        count = copy(args.folders, models, args.limit)
        (folder / "dbt_project.yml").write_text("name: parity\nprofile: parity\n")
        where = "path: parity.duckdb"
        if args.dialect != "duckdb":
            where = "host: localhost, user: u, password: p, port: 5432, dbname: d, schema: s"
        (folder / "profiles.yml").write_text(
            "parity:\n  target: dev\n  outputs:\n    dev: {type: %s, %s}\n" % (args.dialect, where)
        )
        (folder / ".sqlfluff").write_text(
            f"[sqlfluff]\ndialect = {args.dialect}\ntemplater = raw\nrules = all\nlarge_file_skip_byte_limit = 0\n"
        )
        command = [args.sqlfluff, "lint", "--format", "json", "models"]
        known = folder / "sqlfluff.json"
        if args.keep and known.exists():
            command = ["cat", known.name]
        theirs, messages, unread, their_seconds = findings(command, folder, args.keep and known)
        hetl = str(args.hetl.resolve())
        command = [hetl, "lint", "--no-partial-parse", "--rules", "all", "--format", "json", "models"]
        ours, our_messages, _, our_seconds = findings(command, folder)
        messages.update(our_messages)

        missed, extra = theirs - ours, ours - theirs
        total, lost = sum(theirs.values()), sum(missed.values())
        print(f"{count} files, {total} findings of sqlfluff, {sum(ours.values())} of hetl; "
              f"CPU {their_seconds:.1f} s and {our_seconds:.1f} s")
        print(f"missed {lost} ({100 * lost / max(total, 1):.2f} %), beside {sum(extra.values())} of hetl's own")
        beyond = collections.Counter({key: number for key, number in extra.items() if key[0] in unread})
        print(f"sqlfluff cannot read {len(unread)} of the files")
        for name, keys in (("missed", missed), ("only hetl's", extra - beyond), ("in unread", beyond)):
            by_rule = collections.Counter()
            for key, number in keys.items():
                by_rule[key[2]] += number
            for rule, number in by_rule.most_common():
                print(f"  {name:12} {rule} {number:5}  {REASONS.get(rule, '')}")
        if args.show:
            for name, keys in (("missed", missed), ("extra", extra)):
                for key in sorted(keys):
                    print(f"{name} {key[0]}:{key[1]} {key[2]} {messages[key]}")
                    text = (models / key[0]).read_text(encoding="utf-8").split("\n")
                    print("    " + text[key[1] - 1][:140])
        return 1 if lost > 0.02 * total else 0


if __name__ == "__main__":
    sys.exit(main())
