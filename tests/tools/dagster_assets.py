"""dagster-dbt materializes a project through hetl, without dbt-core: all of it, a selection, one asset; a failing check is seen.

    dagster_assets.py PLATFORM SHOP      (folders of two projects that may be written to; `dbt` on PATH is hetl)
"""

import importlib.util
import sys
from pathlib import Path

from dagster import AssetExecutionContext, AssetKey, materialize
from dagster_dbt import DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.dbt_project import DagsterDbtProjectPreparer

assert importlib.util.find_spec("dbt") is None, "dbt-core is installed: this is about doing without it"


def prepared(folder: str) -> DbtProject:
    """What `dagster dev` does first: `dbt deps`, `dbt parse`."""
    project = DbtProject(project_dir=folder, profiles_dir=folder)
    DagsterDbtProjectPreparer().prepare(project)
    assert project.manifest_path.is_file()
    return project


def build(project: DbtProject, select: str = "fqn:*", only: AssetKey | None = None, raises: bool = True):
    """Materializes what is selected; gives materialized nodes in order, and checks by name."""

    @dbt_assets(manifest=project.manifest_path, project=project, select=select)
    def assets(context: AssetExecutionContext, dbt: DbtCliResource):
        yield from dbt.cli(["build"], context=context, raise_on_error=raises).stream()

    result = materialize(
        [assets], resources={"dbt": DbtCliResource(project)}, selection=[only] if only else None, raise_on_error=False
    )
    made = [event.materialization.metadata["unique_id"].value for event in result.get_asset_materialization_events()]
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    return result, made, checks


platform = prepared(sys.argv[1])
import json  # noqa: E402

manifest = json.loads(platform.manifest_path.read_text())
nodes = manifest["nodes"]
kinds = ("model", "seed", "snapshot")
expected = {
    unique_id
    for unique_id, node in nodes.items()
    if node["resource_type"] in kinds and node["config"]["materialized"] != "ephemeral"
}

result, made, checks = build(platform)
assert result.success
assert set(made) == expected and len(made) == len(expected), set(made) ^ expected
place = {unique_id: position for position, unique_id in enumerate(made)}
for unique_id in made:
    for parent in nodes[unique_id]["depends_on"].get("nodes", []):
        assert place.get(parent, -1) < place[unique_id], f"{unique_id} was materialized before {parent}"
assert checks and all(check.passed for check in checks.values())
print(f"dagster: {len(made)} materializations, {len(checks)} checks")

result, made, checks = build(platform, select="tag:claims")
claims = {unique_id for unique_id in expected if "claims" in nodes[unique_id]["tags"]}
assert result.success and set(made) == claims, set(made) ^ claims
print(f"dagster: tag:claims is {len(made)} materializations, {len(checks)} checks")

mart = next(node for node in nodes.values() if node["name"] == "fct_claims")
key = AssetKey([mart["config"]["schema"], "fct_claims"])
result, made, _ = build(platform, only=key)
assert result.success and made == [mart["unique_id"]], made
print("dagster: one asset of all")

shop = prepared(sys.argv[2])
seed, _, _ = build(shop)
assert seed.success
staging = Path(sys.argv[2]) / "models" / "stg_customers.sql"
staging.write_text(staging.read_text() + "union all select 1, 'Twice', null\n")
result, made, checks = build(shop, raises=False)
failed = {name for name, check in checks.items() if not check.passed}
assert "unique_stg_customers_id" in failed, failed
warned = checks["not_null_stg_customers_name"]
assert str(warned.severity) == "AssetCheckSeverity.WARN" and not warned.passed, warned
assert "model.shop.customer_orders" not in made, made
print(f"dagster: a failing build has the failed checks {sorted(failed)}")
