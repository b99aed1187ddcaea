"""Writes what the real dbt prints for each case of members.txt into it: `python record.py path/to/dbt`.

Cases that fail under dbt are told and keep no answer; they must be taken out or corrected by hand.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def cases(text):
    head, *rest = re.split(r"^-- ", text, flags=re.M)
    for part in rest:
        title, _, body = part.partition("\n")
        template, _, trailing = body.partition("\n")
        yield title, template, trailing


def project(folder, templates):
    parts = re.split(r"^-- (.*) --\n", (HERE / "project.txt").read_text(), flags=re.M)[1:]
    for path, content in zip(parts[::2], parts[1::2]):
        path = folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    macros = "".join(f"{{% macro case_{i}() %}}{t}{{% endmacro %}}\n" for i, t in templates)
    (folder / "macros" / "cases.sql").write_text(macros)
    calls = "".join(f"{{% do print('<case {i}>' ~ case_{i}() ~ '</case>') %}}" for i, _ in templates)
    refs = "-- {{ ref('people') }} {{ ref('fewer') }} {{ source('src', 'people') }}\n"
    (folder / "models" / "cases.sql").write_text(refs + "{% if execute %}" + calls + "{% endif %}\nselect 1 as id\n")


def run(dbt, templates):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        project(folder, templates)
        env = {**os.environ, "CONTEXT_TEST": "set", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        ran = subprocess.run([dbt, "--no-use-colors", "run"], cwd=folder, env=env, capture_output=True, text=True)
        found = dict(re.findall(r"<case (\d+)>(.*?)</case>", ran.stdout, flags=re.S))
        return {int(i): answer for i, answer in found.items()}, ran.stdout


def main():
    dbt = sys.argv[1]
    path = HERE / "members.txt"
    text = path.read_text()
    head = text[: text.index("\n-- ") + 1]
    all_cases = list(cases(text))
    wanted = [(i, template) for i, (_, template, _) in enumerate(all_cases)]
    answers = {}
    while wanted:
        found, printed = run(dbt, wanted)
        answers.update(found)
        left = [(i, t) for i, t in wanted if i not in answers]
        if len(left) == len(wanted):
            i, template = left.pop(0)
            print(f"FAILED {all_cases[i][0]}: {template}\n{printed[-1200:]}\n")
        wanted = left
    out = head
    for i, (title, template, trailing) in enumerate(all_cases):
        blank = "\n" if trailing.endswith("\n\n") else ""
        answer = answers.get(i)
        shown = "" if answer is None else "".join(f"=> {line}\n" for line in answer.split("\n"))
        shown += "".join(f"{line}\n" for line in trailing.split("\n") if line.startswith("~> "))
        out += f"-- {title}\n{template}\n{shown}{blank}"
    path.write_text(out)


if __name__ == "__main__":
    main()
