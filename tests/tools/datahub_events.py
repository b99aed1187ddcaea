"""What datahub read of the shop's artifacts: datasets, their columns' lineage, tests and their results."""

import collections
import json
import sys

records = json.load(open(sys.argv[1]))
aspects: dict[str, dict[str, dict]] = collections.defaultdict(dict)
results = []
for record in records:
    for snapshot in record.get("proposedSnapshot", {}).values():
        for aspect in snapshot["aspects"]:
            for name, value in aspect.items():
                short = name.rsplit(".", 1)[1]
                aspects[snapshot["urn"]][short[0].lower() + short[1:]] = value
    if "proposedSnapshot" in record:
        continue
    aspects[record["entityUrn"]][record["aspectName"]] = record["aspect"]["json"]
    if record["aspectName"] == "assertionRunEvent":
        results.append(record["aspect"]["json"]["result"]["type"])
mart = next(urn for urn in aspects if "customer_orders" in urn and urn.startswith("urn:li:dataset:(urn:li:dataPlatform:dbt"))
lineage = aspects[mart]["upstreamLineage"]
upstreams = {upstream["dataset"] for upstream in lineage["upstreams"]}
assert any("stg_customers" in urn for urn in upstreams) and any("orders" in urn for urn in upstreams), upstreams
columns = {
    (up.rsplit(",", 1)[1].rstrip(")"), down.rsplit(",", 1)[1].rstrip(")"))
    for edge in lineage["fineGrainedLineages"]
    for up in edge["upstreams"]
    for down in edge["downstreams"]
}
assert ("amount", "amount") in columns, columns
fields = {field["fieldPath"].split(".")[-1] for field in aspects[mart]["schemaMetadata"]["fields"]}
assert fields == {"id", "name", "orders", "amount"}, fields
tests = [urn for urn, of in aspects.items() if "assertionInfo" in of]
assert len(tests) == 6, tests
assert collections.Counter(results) == {"SUCCESS": 5, "FAILURE": 1} or collections.Counter(results) == {"SUCCESS": 6}, results
print(f"datahub: {len(aspects)} entities, {len(columns)} edges between columns, {len(tests)} tests")
