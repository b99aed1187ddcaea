#!/usr/bin/env bash
# Builds project/ with the real dbt and with an executable, and compares relations, columns, rows and statuses: on DuckDB, and on PostgreSQL.
#
#   scripts/oracle.sh EXECUTABLE [duckdb|postgres]
#
# The comparison lies in ../shared/oracle (or HETL_SHARED), the real dbt in the environment that scripts/conformance.sh makes.
# PostgreSQL is the server of scripts/test-postgres.sh; each build has a database of its own there, into which the raw files are loaded.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
shared=${HETL_SHARED:-$top/../shared}
[ $# -ge 1 ] || { sed -n '2,7p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
executable=$(realpath "$1")
if [ ! -f "$shared/oracle/side_by_side.py" ]; then
  echo "oracle: no comparison in $shared/oracle" >&2
  [ "${CI:-}" != true ] || exit 1
  echo "oracle: left out" >&2
  exit 0
fi
"$shared/conformance/setup.sh" >/dev/null
python=${CONFORMANCE_VENV:-$HOME/.cache/hetl-conformance}/bin

compare() {
  PYTHONDONTWRITEBYTECODE=1 "$python/python" "$shared/oracle/side_by_side.py" "$@"
}

on_duckdb() {
  compare "$executable" "$top/project" --dbt "$python/dbt" --commands "build" --twice
}

# The comparison starts both executables in copies of the project, with PGDATABASE naming an empty database.
on_postgres() {
  local loading
  loading=$(mktemp)
  cat >"$loading" <<'LOADING'
#!/usr/bin/env bash
set -euo pipefail
[ -e .loaded ] || { psql -qX -f load_postgres.sql && touch .loaded; }
exec "$@"
LOADING
  chmod +x "$loading"
  # shellcheck disable=SC2046 # `host=… port=…` are words
  export $("$top/scripts/test-postgres.sh" start | tr ' ' '\n' | sed -n 's/^host=/PGHOST=/p; s/^port=/PGPORT=/p; s/^user=/PGUSER=/p')
  HEALTH_PLATFORM_TARGET=postgres compare "$loading $executable" "$top/project" --dbt "$loading $python/dbt" \
    --adapter postgres --commands "build; build" --twice
  rm -f "$loading"
}

for warehouse in ${2:-duckdb postgres}; do
  echo "oracle: $warehouse"
  "on_$warehouse"
done
