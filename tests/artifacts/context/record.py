"""Writes what the real dbt prints for each case of members.txt into it: `python record.py path/to/dbt`.

Cases that end the run under dbt are told and keep no answer; they must be taken out or corrected by hand.
"""

import json
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


def project(folder, wanted):
    macros = calls = at_end = ""
    models = {}
    for i, (title, template) in wanted.items():
        if title.startswith("fails: "):
            models[f"fails_{i}"] = f"-- {{{{ ref('people') }}}}\n{{% if execute %}}{template}{{% endif %}}\nselect 1 as id\n"
        elif title.startswith("on-run-end: "):
            at_end += f"{{% set case %}}{template}{{% endset %}}{{% do print('<case {i}>' ~ case ~ '</case>') %}}"
        else:
            macros += f"{{% macro case_{i}() %}}{template}{{% endmacro %}}\n"
            calls += f"{{% do print('<case {i}>' ~ case_{i}() ~ '</case>') %}}"
    refs = "-- {{ ref('people') }} {{ ref('fewer') }} {{ source('src', 'people') }}\n"
    models["cases"] = refs + "{% if execute %}" + calls + "{% endif %}\nselect 1 as id\n"
    text = (HERE / "project.txt").read_text()
    parts = re.split(r"^-- (.*) --\n", text, flags=re.M)[1:]
    files = dict(zip(parts[::2], parts[1::2]))
    files["dbt_project.yml"] += "on-run-end: " + json.dumps([at_end]) + "\n"
    files["macros/cases.sql"] = macros
    files.update({f"models/{name}.sql": sql for name, sql in models.items()})
    for path, content in files.items():
        path = folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def error(message):
    """`Compilation Error: text` of the message of a result: its kind, and its paragraph. The number of the model goes."""
    first, *lines = message.split("\n")
    lines = [line.strip() for line in lines]
    text = " ".join([first.split(" in ")[0] + ":", *lines[: lines.index("") if "" in lines else None]])
    return re.sub(r"fails_\d+", "fails", re.sub(r"\s+", " ", text))


def run(dbt, wanted):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        project(folder, wanted)
        env = {**os.environ, "CONTEXT_TEST": "set", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        command = [dbt, "--no-use-colors", "run"]
        ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
        found = {int(i): answer for i, answer in re.findall(r"<case (\d+)>(.*?)</case>", ran.stdout, flags=re.S)}
        results = folder / "target" / "run_results.json"
        for result in json.loads(results.read_text())["results"] if results.is_file() else []:
            name = result["unique_id"].split(".")[-1]
            if name.startswith("fails_"):
                found[int(name[6:])] = error(result["message"] or "")
        return found, ran.stdout


def main():
    dbt = sys.argv[1]
    path = HERE / "members.txt"
    text = path.read_text()
    head = text[: text.index("\n-- ") + 1]
    all_cases = list(cases(text))
    numbered = {i: (title, template) for i, (title, template, _) in enumerate(all_cases)}
    fails = {i: case for i, case in numbered.items() if case[0].startswith("fails: ")}
    answers, _ = run(dbt, fails)
    wanted = {i: case for i, case in numbered.items() if i not in fails}
    while wanted:
        found, printed = run(dbt, wanted)
        answers.update(found)
        left = {i: case for i, case in wanted.items() if i not in answers}
        if len(left) == len(wanted):
            i = next(iter(left))
            title, template = left.pop(i)
            print(f"FAILED {title}: {template}\n{printed[-1500:]}\n")
        wanted = left
    out = head
    for i, (title, template, trailing) in enumerate(all_cases):
        answer = answers.get(i)
        shown = "" if answer is None else "".join(f"=> {line}\n" for line in answer.split("\n"))
        shown += "".join(f"{line}\n" for line in trailing.split("\n") if line.startswith("~> "))
        out += f"-- {title}\n{template}\n{shown}"
    path.write_text(out)


if __name__ == "__main__":
    main()
