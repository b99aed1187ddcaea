"""The calls of elementary's `edr`, made by its own runner of a dbt on PATH, which is hetl."""

import json
import sys
from pathlib import Path

from elementary.clients.dbt.factory import create_dbt_runner
from elementary.clients.dbt.subprocess_dbt_runner import SubprocessDbtRunner
from elementary.exceptions.exceptions import DbtCommandError

folder = sys.argv[1]
runner = create_dbt_runner(folder, profiles_dir=folder, raise_on_failure=True)
assert type(runner) is SubprocessDbtRunner, type(runner)

assert runner.debug()
assert runner.deps()
assert runner.seed(full_refresh=True)
assert runner.run(select="+customer_orders", vars={"a": "b"})
assert runner.snapshot()
marts = ["shop.big_customers", "shop.customer_orders", "shop.unique_customer_orders_id", "unit_test:shop.amounts_are_added"]
assert sorted(runner.ls(select="tag:marts")) == marts, runner.ls(select="tag:marts")
assert runner.ls(select="tag:nothing") == [], runner.ls(select="tag:nothing")
logs = runner.run_operation("shop.count_customers", return_raw_edr_logs=True)
answer = logs[0].removeprefix("--ELEMENTARY-MACRO-OUTPUT-START--").removesuffix("--ELEMENTARY-MACRO-OUTPUT-END--")
assert json.loads(answer) == {"customers": 2}, logs
assert runner.test(select="stg_customers")
assert runner.retry()

careful = create_dbt_runner(folder, profiles_dir=folder, raise_on_failure=False)
assert not careful.source_freshness()
assert {row["status"] for row in json.loads((Path(folder) / "target/sources.json").read_text())["results"]} == {"error"}
Path(folder, "models", "broken.sql").write_text("select nowhere from {{ ref('customer_orders') }}")
try:
    runner.run(select="broken")
    raise AssertionError("the broken model was run")
except DbtCommandError as error:
    assert "nowhere" in str(error), error
print("elementary: debug, deps, seed, run, snapshot, ls, run-operation, test, retry, source freshness, a failing run")
