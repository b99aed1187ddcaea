#!/usr/bin/env bash
# Runs dbt's own adapter tests against an executable and compares what passes with tests/conformance.toml.
#
#   scripts/conformance.sh EXECUTABLE [--update]
#
# Fails if fewer tests pass in an area than the file says; --update raises the file's numbers to what passed.
# The harness lies in ../shared/conformance (or HETL_SHARED). Without it this says so and ends well, but not in CI (CI=true).
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
shared=${HETL_SHARED:-$top/../shared}
[ $# -ge 1 ] || { sed -n '2,7p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
executable=$(realpath "$1")
shift

if [ ! -x "$shared/conformance/run.sh" ]; then
  echo "conformance: no harness in $shared/conformance" >&2
  [ "${CI:-}" != true ] || exit 1
  echo "conformance: left out" >&2
  exit 0
fi

"$shared/conformance/setup.sh"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
failed=0
for warehouse in $(sed -n 's/^\[\(.*\)\]$/\1/p' "$top/tests/conformance.toml"); do
  areas=$(python3 "$top/scripts/conformance.py" areas "$top/tests/conformance.toml" "$warehouse")
  # Its own verdict is about every test of the control; the one that counts here is the ratchet's.
  RESULTS="$results" DBT_EXE="$executable" "$shared/conformance/run.sh" "$warehouse" --area "$areas" || true
  python3 "$top/scripts/conformance.py" compare "$top/tests/conformance.toml" "$warehouse" \
    "$results/$warehouse.json" "$shared/conformance/control/$warehouse.json" "$@" || failed=1
done
exit $failed
