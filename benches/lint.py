#!/usr/bin/env python3
"""Measures `hetl lint` on the changed files of a commit and on a whole project, and sqlfluff on the same files.

    benches/lint.py --hetl target/release/hetl --generator PATH/gen_project.py [--sqlfluff PATH/sqlfluff]
    benches/lint.py --hetl target/release/hetl --project FOLDER

The project (generated: 1,000 models, or a copy of FOLDER) becomes a git repository with one commit; then a line is added to ten models
and staged. Reported is user+sys CPU and wall time, the median of the runs after one that is not counted (which fills the parse cache). What was
found before is kept by hetl too: where the table says "nothing kept", the file that keeps it is removed before each run.
hetl applies its SQL rules and those about the project; sqlfluff its own, with the templater `jinja`, whose `ref` is a stand-in.
Needs Python 3.9 or newer and git.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measured(command, folder, runs, forgets):
    """Medians of CPU seconds and wall seconds, and the last exit code."""
    figures = []
    for run in range(runs + 1):
        if forgets:
            (folder / "target/lint_cache.txt").unlink(missing_ok=True)
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command[:3])} … exits with {done.returncode}")
        if run or not runs:
            figures.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall))
    return statistics.median(cpu for cpu, _ in figures), statistics.median(wall for _, wall in figures), done.returncode


def git(folder, *arguments):
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hetl", default="target/release/hetl")
    parser.add_argument("--generator", default=os.environ.get("HETL_BENCH_GENERATOR"), help="called as `python3 GENERATOR FOLDER N`")
    parser.add_argument("--project", help="measure this project instead; it is copied")
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--sqlfluff", help="its executable; left out if not given")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    if not given.generator and not given.project:
        parser.error("give --generator (or HETL_BENCH_GENERATOR), or --project")
    hetl = str(Path(given.hetl).resolve())
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "project"
        if given.project:
            shutil.copytree(given.project, folder, ignore=shutil.ignore_patterns("target", "logs", ".git", "*.duckdb"))
        else:
            subprocess.run([sys.executable, given.generator, folder, str(given.models)], check=True, stdout=subprocess.DEVNULL)
        (folder / ".gitignore").write_text("target/\nlogs/\n*.duckdb\n")
        (folder / ".sqlfluff").write_text("[sqlfluff]\ndialect = duckdb\ntemplater = jinja\n")
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "all")
        models = sorted(folder.glob("models/**/*.sql"))
        staged = models[:: max(1, len(models) // 10)][:10]
        for file in staged:
            file.write_text(file.read_text() + "-- looked at again\n")
        git(folder, "add", "--all")
        names = [str(file.relative_to(folder)) for file in staged]
        cases = []
        for kept, forgets in (("nothing kept", True), ("all kept", False)):
            cases += [
                (f"{len(names)} staged files, by name (as pre-commit runs it), {kept}", "hetl", [hetl, "lint", *names], given.runs, forgets),
                (f"{len(names)} staged files, `--changed`, {kept}", "hetl", [hetl, "lint", "--changed"], given.runs, forgets),
                (f"all {len(models)} models, {kept}", "hetl", [hetl, "lint"], given.runs, forgets),
                (f"all {len(models)} models, rules about SQL only, {kept}", "hetl", [hetl, "lint", "--rules", "all"], given.runs, forgets),
            ]
        if given.sqlfluff:
            fluff = [str(Path(given.sqlfluff).absolute()), "lint", "--processes", "1", "--nocolor"]
            cases.insert(1, (f"{len(names)} staged files", "sqlfluff", [*fluff, *names], min(given.runs, 1), False))
            cases.append((f"all {len(models)} models", "sqlfluff", [*fluff, "models"], 0, False))
        print("| What | Tool | CPU s | Wall s |\n|---|---|---:|---:|")
        for what, tool, command, runs, forgets in cases:
            cpu, wall, _ = measured(command, folder, runs, forgets)
            print(f"| {what} | {tool} | {cpu:.3f} | {wall:.3f} |", flush=True)


if __name__ == "__main__":
    main()
