#!/usr/bin/env python3
"""What it costs to test before publishing: `hetl build` with `--publish audited` against `--publish immediate`, in turns.

    benches/publishing.py --hetl target/release/hetl --project project [--target postgres] [--runs 15]

A copy of the project is built once, then each way `--runs` times, alternating, on the same database; the order changes from pair to pair. What is
compared are medians of wall time and of CPU seconds (user and system) of hetl's process; on PostgreSQL the server's are not in them. A server is that of
the target, filled before.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hetl", default="target/release/hetl")
    arguments.add_argument("--project", required=True)
    arguments.add_argument("--target")
    arguments.add_argument("--runs", type=int, default=15)
    given = arguments.parse_args()
    hetl = os.path.abspath(given.hetl)
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "project"
        shutil.copytree(given.project, project, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*"))

        def build(publish):
            command = [hetl, "build", "--publish", publish, "--profiles-dir", "."]
            command += ["--target", given.target] if given.target else []
            before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = subprocess.run(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode:
                sys.exit(f"a build with --publish {publish} failed:\n{done.stdout}")
            return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        build("audited")
        times = {"audited": [], "immediate": []}
        for number in range(given.runs):
            ways = list(times) if number % 2 else list(times)[::-1]
            for publish in ways:
                times[publish].append(build(publish))
        medians = {publish: [statistics.median(column) for column in zip(*runs)] for publish, runs in times.items()}
        for publish, (wall, cpu) in medians.items():
            print(f"{publish:10} {wall:.3f} s, {cpu:.3f} s of CPU")
        wall, cpu = (audited / immediate for audited, immediate in zip(medians["audited"], medians["immediate"]))
        print(f"audited / immediate: {wall:.3f}, of CPU {cpu:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
