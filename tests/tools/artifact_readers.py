"""dbt-artifacts-parser reads all four artifacts of each target folder that is given."""

import json
import sys
from pathlib import Path

from dbt_artifacts_parser import parser

for folder in map(Path, sys.argv[1:]):
    def artifact(name: str) -> dict:
        return json.loads((folder / name).read_text())

    manifest = parser.parse_manifest_v12(artifact("manifest.json"))
    run_results = parser.parse_run_results_v6(artifact("run_results.json"))
    catalog = parser.parse_catalog_v1(artifact("catalog.json"))
    sources = parser.parse_sources_v3(artifact("sources.json"))
    known = {*manifest.nodes, *manifest.sources, *manifest.unit_tests, *manifest.exposures}
    for rows in (run_results.results, sources.results):
        assert rows and all(row.unique_id in known for row in rows)
    described = {*catalog.nodes, *catalog.sources}
    assert described and described <= known, described - known
    assert not catalog.errors
    print(
        f"artifacts: {len(manifest.nodes)} nodes, {len(run_results.results)} results, "
        f"{len(described)} relations, {len(sources.results)} sources"
    )
