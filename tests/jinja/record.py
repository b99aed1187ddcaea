"""Records Jinja2's answer to every case in this folder's JSON files.

Run it with a Python that has dbt-core installed (`python tests/jinja/record.py`); the tests themselves need no Python.
A case is {"template", "context"?, "native"?}; recorded are "output" (text; for native cases the repr of the value) or
"fails": true. `mismatch` keeps a known difference on record: what hetl answers instead, with the reason.
"""

import copy
import json
import pathlib

import jinja2
import jinja2.sandbox
from dbt_common.clients.jinja import get_environment


def text_environment():
    environment = jinja2.sandbox.SandboxedEnvironment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    environment.filters.update({name: lambda value: value for name in ("as_text", "as_bool", "as_native", "as_number")})
    environment.globals.update({"set": set, "zip": zip})
    return environment


def answer(case):
    context = copy.deepcopy(case.get("context", {}))
    try:
        if case.get("native"):
            template = get_environment(native=True).from_string(case["template"], globals=context)
            return {"output": repr(template.render(context))}
        return {"output": text_environment().from_string(case["template"]).render(context)}
    except Exception:  # whatever Python raises: the case fails
        return {"fails": True}


def main():
    for path in sorted(pathlib.Path(__file__).parent.glob("*.json")):
        cases = json.loads(path.read_text())
        for case in cases:
            case.pop("output", None)
            case.pop("fails", None)
            case.update(answer(case))
        lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
        path.write_text("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main()
