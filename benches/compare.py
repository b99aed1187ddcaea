#!/usr/bin/env python3
"""Runs hetl and other executables that take dbt's commands side by side on generated projects, and prints ratios.

    benches/compare.py --generator PATH/gen_project.py --hetl target/release/hetl --other dbt=PATH/dbt

The generator is called as `python3 GENERATOR FOLDER N` and must write a dbt project of N models that runs on DuckDB (or set
HETL_BENCH_GENERATOR). Each measured command starts from the same state; the executables take turns, so that a busy moment of the
machine hits both. Reported are, for each size and command, the median of user+sys CPU, of wall time and of peak memory, and the ratio of
each of the others to hetl. Needs Python 3.9 or newer on Linux or macOS, nothing else.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# name: (command, what is removed before each run)
SCENARIOS = {
    "parse, from nothing": (["parse"], ["target", "logs"]),
    "parse, again": (["parse"], []),
    "ls": (["ls", "--quiet"], []),
    "compile": (["compile", "--quiet"], ["target", "logs"]),
    "build, new database": (["build", "--quiet"], ["target", "logs", "*.duckdb", "*.duckdb.wal"]),
    "build, again": (["build", "--quiet"], []),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default=os.environ.get("HETL_BENCH_GENERATOR"), help="script that writes a project")
    parser.add_argument("--project", action="append", default=[], help="also (or instead) measure this project; it is copied")
    parser.add_argument("--hetl", default="target/release/hetl")
    parser.add_argument("--other", action="append", default=[], metavar="NAME=EXECUTABLE", help="an executable to compare with")
    parser.add_argument("--sizes", default="100,1000", help="numbers of models, separated by commas")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, after one that is not counted")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="only these; all if not given")
    parser.add_argument("--markdown", help="write the table into this file")
    parser.add_argument("--json", help="write every single measurement into this file")
    given = parser.parse_args()
    if not given.generator and not given.project:
        parser.error("give --generator (or HETL_BENCH_GENERATOR), or --project")
    return given


def executables(given):
    found = {"hetl": given.hetl}
    for other in given.other:
        name, separator, path = other.partition("=")
        if not separator:
            sys.exit(f"--other {other}: write NAME=EXECUTABLE")
        found[name] = path
    for name, path in found.items():
        resolved = shutil.which(path) or path
        if not os.access(resolved, os.X_OK):
            sys.exit(f"{name}: {path} cannot be run")
        found[name] = str(Path(resolved).absolute())
    return found


def remove(folder, patterns):
    for pattern in patterns:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def measure(executable, command, folder):
    """One run: CPU and wall seconds, peak memory in MB, exit code."""
    environment = dict(os.environ, DBT_SEND_ANONYMOUS_USAGE_STATS="false", DBT_PROFILES_DIR=str(folder), NO_COLOR="1")
    with open(folder / "output.txt", "wb") as output:
        begin = time.perf_counter()
        process = subprocess.Popen([executable, *command], cwd=folder, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    # Kilobytes on Linux, bytes on macOS.
    unit = 1024 * 1024 if platform.system() == "Darwin" else 1024
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "memory": usage.ru_maxrss / unit,
        "exit": process.returncode,
    }


def compare(label, source, tools, scenarios, runs, work, measurements):
    """All scenarios on one project; every tool has a copy of its own."""
    folders = {}
    for name in tools:
        folders[name] = work / f"{label}-{name}".replace(" ", "_").replace("/", "_")
        shutil.copytree(source, folders[name], symlinks=True, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*"))
    rows = []
    for scenario in scenarios:
        command, patterns = SCENARIOS[scenario]
        taken = {name: [] for name in tools}
        for run in range(runs + 1):
            for name, executable in tools.items():
                remove(folders[name], patterns)
                result = measure(executable, command, folders[name])
                if result["exit"] != 0:
                    print((folders[name] / "output.txt").read_text(errors="replace")[-2000:], file=sys.stderr)
                    print(f"{label}: {name} {' '.join(command)} ended with {result['exit']}: not compared", file=sys.stderr)
                    taken[name] = None
                    continue
                if run > 0 and taken[name] is not None:
                    taken[name].append(result)
                    measurements.append({"project": label, "scenario": scenario, "tool": name, **result})
        rows.append((scenario, {name: median(results) for name, results in taken.items() if results}))
        print(f"{label}: {scenario}: done", file=sys.stderr)
    return rows


def median(results):
    return {key: statistics.median(result[key] for result in results) for key in ("cpu", "wall", "memory")}


def table(label, rows, tools):
    lines = [f"### {label}", "", "| Command | Tool | CPU s | Wall s | Memory MB | CPU × hetl | Wall × hetl | Memory × hetl |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|")
    for scenario, found in rows:
        base = found.get("hetl")
        for name in tools:
            if name not in found:
                lines.append(f"| {scenario} | {name} | failed | | | | | |")
                continue
            one = found[name]
            numbers = f"{one['cpu']:.2f} | {one['wall']:.2f} | {one['memory']:.0f}"
            ratios = " | ".join(f"{one[key] / base[key]:.1f}" if base and base[key] else "" for key in ("cpu", "wall", "memory"))
            lines.append(f"| {scenario} | {name} | {numbers} | {ratios} |")
    return "\n".join(lines) + "\n"


def version(executable):
    output = subprocess.run([executable, "--version"], capture_output=True, text=True)
    lines = [line.strip(" -") for line in (output.stdout or output.stderr).splitlines() if any(c.isdigit() for c in line)]
    return lines[0] if lines else "version unknown"


def main():
    given = arguments()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tools = executables(given)
    scenarios = given.scenario or list(SCENARIOS)
    measurements, parts = [], []
    with tempfile.TemporaryDirectory(prefix="hetl-bench-") as folder:
        work = Path(folder)
        projects = []
        if given.generator:
            for size in given.sizes.split(","):
                source = work / f"generated-{size}"
                subprocess.run([sys.executable, given.generator, str(source), size], check=True, stdout=subprocess.DEVNULL)
                projects.append((f"{int(size):,} generated models", source))
        projects += [(Path(path).resolve().name, Path(path).resolve()) for path in given.project]
        for label, source in projects:
            rows = compare(label, source, tools, scenarios, given.runs, work, measurements)
            parts.append(table(label, rows, tools))
    head = [f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, median of {given.runs} runs", ""]
    head += [f"- {name}: {version(path)}" for name, path in tools.items()]
    text = "\n".join(head) + "\n\n" + "\n".join(parts)
    print(text)
    if given.markdown:
        Path(given.markdown).write_text(text)
    if given.json:
        Path(given.json).write_text(json.dumps(measurements, indent=1))


if __name__ == "__main__":
    main()
