"""astronomer-cosmos makes a DAG of a project by `dbt ls` and by its manifest, whole and selected, and runs a task of it.

    cosmos_dag.py PROJECT      (`dbt` on PATH is hetl; target/manifest.json is there)
"""

import importlib.util
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

from cosmos import (
    DbtDag,
    ExecutionConfig,
    ExecutionMode,
    InvocationMode,
    LoadMode,
    ProfileConfig,
    ProjectConfig,
    RenderConfig,
)

assert importlib.util.find_spec("dbt") is None, "dbt-core is installed: this is about doing without it"

project = Path(sys.argv[1])
profile = ProfileConfig("health_platform", "dev", profiles_yml_filepath=project / "profiles.yml")


def dag(method: LoadMode, select: list[str]) -> DbtDag:
    return DbtDag(
        dag_id="platform",
        start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
        schedule=None,
        project_config=ProjectConfig(project, manifest_path=project / "target" / "manifest.json"),
        profile_config=profile,
        render_config=RenderConfig(load_method=method, invocation_mode=InvocationMode.SUBPROCESS, select=select),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.LOCAL, invocation_mode=InvocationMode.SUBPROCESS
        ),
    )


def edges(of: DbtDag) -> set[tuple[str, str]]:
    return {(task.task_id, below) for task in of.tasks for below in task.downstream_task_ids}


manifest = json.loads((project / "target" / "manifest.json").read_text())
runnable = [
    node
    for node in manifest["nodes"].values()
    if node["resource_type"] in ("model", "seed", "snapshot") and node["config"]["materialized"] != "ephemeral"
]
for select in ([], ["tag:claims"], ["+fct_claims"], ["path:models/tracker", "tag:wearables"]):
    listed, read = dag(LoadMode.DBT_LS, select), dag(LoadMode.DBT_MANIFEST, select)
    assert listed.tasks and set(listed.task_ids) == set(read.task_ids), set(listed.task_ids) ^ set(read.task_ids)
    assert edges(listed) == edges(read), edges(listed) ^ edges(read)
    if not select:
        assert len(listed.tasks) >= len(runnable), (len(listed.tasks), len(runnable))
    print(f"cosmos: {len(listed.tasks)} tasks and {len(edges(listed))} edges of {select or 'everything'}")

task = next(task for task in listed.tasks if task.task_id.startswith("wearable_contents"))
command, env = task.build_cmd(context={"run_id": "1"}, cmd_flags=task.add_cmd_flags())
ran = task.run_subprocess(command=command, env=env, cwd=str(project))
assert ran.exit_code == 0, ran
print(f"cosmos: ran {task.task_id}")
