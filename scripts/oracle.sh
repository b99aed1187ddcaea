#!/usr/bin/env bash
# Builds project/ with the real dbt and with an executable, and compares relations, columns, rows and statuses.
#
#   scripts/oracle.sh EXECUTABLE
#
# The comparison lies in ../shared/oracle (or HETL_SHARED), the real dbt in the environment that scripts/conformance.sh makes.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
shared=${HETL_SHARED:-$top/../shared}
[ $# = 1 ] || { sed -n '2,6p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
executable=$(realpath "$1")
if [ ! -f "$shared/oracle/side_by_side.py" ]; then
  echo "oracle: no comparison in $shared/oracle" >&2
  [ "${CI:-}" != true ] || exit 1
  echo "oracle: left out" >&2
  exit 0
fi
"$shared/conformance/setup.sh" >/dev/null
python=${CONFORMANCE_VENV:-$HOME/.cache/hetl-conformance}/bin
PYTHONDONTWRITEBYTECODE=1 "$python/python" "$shared/oracle/side_by_side.py" "$executable" "$top/project" \
  --dbt "$python/dbt" --commands "build" --twice
