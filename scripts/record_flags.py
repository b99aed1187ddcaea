"""Writes every flag of every command of the real dbt as JSON: command → flag → how it is given.

usage: record_flags.py > tests/differential/flags.json      (by a Python that has dbt, see conformance.sh)

A flag is a "switch", takes a "number" or a "text", or one of a list of words. The empty command's flags stand before the
command.
"""

import json

import click
from dbt.cli.main import cli


def kind_of(option):
    if option.is_flag:
        return "switch"
    words = getattr(option.type, "choices", None)
    if words:
        return list(words)
    return "number" if isinstance(option.type, click.types.IntParamType) else "text"


def flags_of(command):
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {flag: kind_of(option) for option in options for flag in option.opts + option.secondary_opts}


def walk(command, path, found):
    found[" ".join(path)] = flags_of(command)
    for name, inner in getattr(command, "commands", {}).items():
        walk(inner, [*path, name], found)
    return found


found = walk(cli, [], {})
# Groups do nothing by themselves.
for group in ("docs", "source"):
    del found[group]
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(flags, sort_keys=True)}" for name, flags in sorted(found.items()))
print("{\n" + lines + "\n}")
