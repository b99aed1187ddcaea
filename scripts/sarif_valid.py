#!/usr/bin/env python3
"""Checks what `hetl lint --format sarif` prints by the JSON schema of SARIF 2.1.0.

    scripts/sarif_valid.py HETL PROJECT...

The schema is taken from the npm package @microsoft/jest-sarif, fetched by `npm pack` into a folder that is removed afterwards. Prints the number of
findings of each project, and what is not as the schema wants it; exits with 1 if there is anything. Needs npm and `pip install jsonschema`.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import jsonschema

PACKAGE, SCHEMA = "@microsoft/jest-sarif@1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json"


def schema():
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, check=True)
        with tarfile.open(pathlib.Path(folder) / packed.stdout.strip()) as archive:
            return json.load(archive.extractfile(SCHEMA))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hetl", type=pathlib.Path)
    parser.add_argument("projects", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    rules = schema()
    validator = jsonschema.validators.validator_for(rules)(rules)
    is_wrong = False
    for project in args.projects:
        for command in ("lint", "check"):
            ran = subprocess.run([args.hetl.resolve(), command, "--format", "sarif", "--level", "info"], cwd=project, capture_output=True, text=True)
            if ran.returncode not in (0, 1):
                sys.exit(f"{command} in {project} exits with {ran.returncode}:\n{ran.stderr}")
            log = json.loads(ran.stdout)
            problems = list(validator.iter_errors(log))
            print(f"{project} {command}: {sum(len(run['results']) for run in log['runs'])} findings, {len(problems)} problems")
            for problem in problems[:10]:
                print("  " + "/".join(map(str, problem.absolute_path)) + ": " + problem.message[:200])
            is_wrong |= bool(problems)
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
