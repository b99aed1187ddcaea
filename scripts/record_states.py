"""Asks the real dbt what `state:` selects after each of many changes of a project, and writes the answers beside the changes.

usage: record_states.py PROJECT CHANGES [--only WORD] [--new] [--hetl EXE]

Run by a Python that has dbt (see conformance.sh). CHANGES is a JSON object. Each of its `cases` has a `name`, `edits` as
record_selection.py has them (a new text may be [header, line, times]), and may have `before`, edits that are made before the state is kept,
`env` and `arguments`, two each: those of the state and those of now. This script writes `answers`, what dbt lists for each selector of
`state:` as numbers of `lines` (`0-4 9`), null where it refuses. With --hetl, hetl is asked too, with a state of its own and with dbt's, and what differs is printed (exit code 1). --only takes the
cases whose names contain a word, --new those that have no answers yet. The project is copied: nothing is written in it.
"""

import argparse
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from record_selection import edit

WORDS = ["new", "old", "modified", "unmodified", "modified.body", "modified.configs", "modified.persisted_descriptions",
         "modified.relation", "modified.macros", "modified.contract"]


def make(root, edits):
    """Makes edits, in which a new text may be [header, line, times]."""
    edit(root, [(path, old, new[0] + new[1] * new[2] if isinstance(new, list) else new) for path, old, new in edits])


def copy(project, root):
    skipped = shutil.ignore_patterns("target", "logs", "*.duckdb", "dbt_packages")
    shutil.copytree(project, root, ignore=skipped, symlinks=True)


def install(root):
    """Local packages, as `deps` would place them."""
    if (root / "packages").exists():
        shutil.rmtree(root / "dbt_packages", ignore_errors=True)
        shutil.copytree(root / "packages", root / "dbt_packages")


def both(case, key, empty):
    return case.get(key) or [empty, empty]


def ask_dbt(project, case, root):
    """What dbt lists, by selector; the state stays in `state`."""
    from dbt.cli.main import dbtRunner

    copy(project, root)
    make(root, case.get("before", []))
    install(root)
    os.chdir(root)
    os.environ["DBT_PROFILES_DIR"] = str(root)
    answers = {}
    for at, (env, arguments) in enumerate(zip(both(case, "env", {}), both(case, "arguments", []))):
        if at == 1:
            (root / "state").mkdir()
            shutil.copy("target/manifest.json", "state/manifest.json")
            make(root, case["edits"])
            install(root)
        os.environ.update(env)
        parsed = dbtRunner().invoke(["--quiet", "--no-partial-parse", "--log-level-file", "none", "parse", *arguments])
        if not parsed.success:
            raise ValueError(parsed.exception)
    for word in WORDS:
        listed = dbtRunner(manifest=parsed.result).invoke(
            ["--quiet", "--no-write-json", "--log-level-file", "none", "ls", "--state", str(root / "state"), "-s", f"state:{word}", *arguments])
        answers[word] = sorted(listed.result) if listed.success else None
    for name in env:
        os.environ.pop(name, None)
    return answers


def ask_hetl(hetl, project, case, root, state):
    """What hetl lists, by selector, compared with a state of its own or with another's."""
    copy(project, root)
    make(root, case.get("before", []))
    install(root)
    envs, arguments = both(case, "env", {}), both(case, "arguments", [])

    def run(at, *words):
        env = os.environ | {"DBT_PROFILES_DIR": str(root), "DBT_LOG_LEVEL_FILE": "none"} | envs[at]
        return subprocess.run([hetl, "--quiet", *words, *arguments[at]], cwd=root, env=env, capture_output=True, text=True)

    if state is None:
        parsed = run(0, "parse")
        if parsed.returncode:
            sys.exit(f"{case['name']}: hetl cannot parse: {parsed.stdout}{parsed.stderr}")
        (root / "state").mkdir()
        shutil.copy(root / "target/manifest.json", root / "state/manifest.json")
        state = root / "state"
    make(root, case["edits"])
    install(root)
    answers = {}
    for word in WORDS:
        listed = run(1, "ls", "--state", str(state), "-s", f"state:{word}")
        answers[word] = sorted(listed.stdout.splitlines()) if listed.returncode == 0 else None
    return answers


def shown(answer):
    return ["(refused)"] if answer is None else answer


def differences(asked, answered):
    for word in WORDS:
        dbt, hetl = asked[word], answered[word]
        if dbt != hetl:
            yield word, [line for line in shown(dbt) if line not in (hetl or [])], \
                [line for line in shown(hetl) if line not in (dbt or [])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("changes")
    parser.add_argument("--only", default="")
    parser.add_argument("--new", action="store_true", help="only cases without answers")
    parser.add_argument("--hetl")
    given = parser.parse_args()
    project, file = Path(given.project).resolve(), Path(given.changes).resolve()
    hetl = given.hetl and str(Path(given.hetl).resolve())
    recording = json.loads(file.read_text())
    cases, lines = recording["cases"], recording.get("lines", [])
    for case in cases:
        case["answers"] = {word: numbers and named(numbers, lines) for word, numbers in case.get("answers", {}).items()}
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

    from dbt.contracts.graph.manifest import WritableManifest

    # The state of a case is read once.
    WritableManifest.read_and_check_versions = functools.cache(WritableManifest.read_and_check_versions)
    # `--quiet` does not keep dbt from printing the lines, which are in its answer too.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asked = different = 0
    for case in cases:
        if given.only not in case["name"] or given.new and case["answers"]:
            continue
        asked += 1
        with tempfile.TemporaryDirectory(prefix="hetl-state-") as folder:
            folder = Path(folder)
            try:
                case["answers"] = ask_dbt(project, case, folder / "dbt")
            except ValueError as problem:
                print(f"{case['name']}: dbt cannot parse: {problem}", file=sys.stderr)
                continue
            finally:
                os.chdir("/")
            for whose, state in (("its own", None), ("dbt's", folder / "dbt/state")) if hetl else ():
                answered = ask_hetl(hetl, project, case, folder / f"hetl {whose}", state)
                for word, lacking, more in differences(case["answers"], answered):
                    different += 1
                    print(f"DIFFERENT {case['name']}: state:{word}, {whose} state", file=sys.stderr)
                    for sign, lines in (("-", lacking), ("+", more)):
                        for line in lines[:5] + ([f"… {len(lines)}"] if len(lines) > 5 else []):
                            print("   ", sign, line, file=sys.stderr)
        file.write_text(as_text(cases))
    print(f"{asked} cases, {different} different answers", file=sys.stderr)
    sys.exit(bool(different))


def named(numbers, lines):
    runs = ([int(end) for end in run.split("-")] for run in numbers.split())
    return [lines[number] for run in runs for number in range(run[0], run[-1] + 1)]


def numbered(answer, places):
    """`0-4 9`: the places of the lines of an answer."""
    if answer is None:
        return None
    runs = []
    for place in sorted(places[line] for line in answer):
        if runs and runs[-1][1] + 1 == place:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def as_text(cases):
    """JSON with a line for each of `lines` and each key of a case."""
    lines = sorted({line for case in cases for answer in case["answers"].values() for line in answer or []})
    places = {line: at for at, line in enumerate(lines)}
    written = []
    for case in cases:
        answers = {word: numbered(answer, places) for word, answer in case["answers"].items()}
        items = (case | {"answers": answers}).items()
        written.append("{" + ",\n ".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in items) + "}")
    return '{"lines": [\n' + ",\n".join(map(json.dumps, lines)) + '\n],\n"cases": [\n' + ",\n".join(written) + "\n]}\n"


main()
