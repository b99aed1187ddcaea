"""The ratchet of conformance tests: how many of each area pass, which may only grow.

conformance.py areas FILE WAREHOUSE                                  the areas that FILE has numbers for, with commas
conformance.py compare FILE WAREHOUSE RESULT CONTROL [--update]      exit 1 if fewer pass in RESULT than FILE says

FILE is TOML with a table for each warehouse and a line `area = number` for each area. A test counts if it passes with the real dbt,
too, which CONTROL tells.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

TABLE = re.compile(r"^\[(\w+)\]$")
LINE = re.compile(r"^(\w+) = (\d+)$")


def read(path, warehouse):
    """The numbers of one warehouse, in the order of the file."""
    numbers, table = {}, None
    for line in Path(path).read_text().splitlines():
        if found := TABLE.match(line):
            table = found[1]
        elif (found := LINE.match(line)) and table == warehouse:
            numbers[found[1]] = int(found[2])
    return numbers


def write(path, warehouse, numbers):
    """Replaces the numbers of one warehouse and nothing else."""
    lines, table = [], None
    for line in Path(path).read_text().splitlines():
        if found := TABLE.match(line):
            table = found[1]
        elif (found := LINE.match(line)) and table == warehouse:
            line = f"{found[1]} = {numbers[found[1]]}"
        lines.append(line)
    Path(path).write_text("\n".join(lines) + "\n")


def area(test):
    return test.split("::")[0].removeprefix("test_").removesuffix(".py")


def compare(path, warehouse, result, control, update):
    """Prints a line an area; true if no number fell."""
    try:
        tests = json.loads(Path(result).read_text())["tests"]
    except FileNotFoundError:
        print(f"conformance: {warehouse} wrote no results")
        return False
    recorded = json.loads(Path(control).read_text())["tests"]
    counted = [test for test in tests if recorded.get(test) == "passed"]
    passed = Counter(area(test) for test in counted if tests[test]["outcome"] == "passed")
    possible = Counter(area(test) for test in counted)
    least = read(path, warehouse)
    fallen = {name for name, number in least.items() if passed[name] < number}
    for name, number in least.items():
        verdict = "FEWER THAN BEFORE" if name in fallen else "more than before" if passed[name] > number else ""
        print(f"  {warehouse} {name:18} {passed[name]:3} of {possible[name]:3}, at least {number:3}  {verdict}".rstrip())
    if update:
        write(path, warehouse, {name: max(number, passed[name]) for name, number in least.items()})
    elif not fallen and any(passed[name] > number for name, number in least.items()):
        print("conformance: raise the numbers with scripts/conformance.sh EXECUTABLE --update")
    return not fallen


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["areas", file, warehouse]:
            print(",".join(read(file, warehouse)))
        case ["compare", file, warehouse, result, control, *flags]:
            sys.exit(0 if compare(file, warehouse, result, control, "--update" in flags) else 1)
        case _:
            sys.exit(__doc__)
