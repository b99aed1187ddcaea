#!/usr/bin/env bash
# Tools around dbt, as they come from PyPI and npm, work with an executable in dbt's place; none of them has dbt-core.
#
#   scripts/tools.sh EXECUTABLE [FAMILY...]
#
# Families and versions are in tests/tools/versions.txt. Each is installed once, in an environment of its own, below the user's
# cache folder. Where nothing can be installed this says so and ends well, but not in CI (CI=true).
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
tests=$top/tests/tools
[ $# -ge 1 ] || { sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
executable=$(realpath "$1")
shift
families=("$@")
[ $# -gt 0 ] || mapfile -t families < <(sed -n 's/^\([a-z][a-z]*\) .*/\1/p' "$tests/versions.txt")

cache=${XDG_CACHE_HOME:-$HOME/.cache}/hetl/tools
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Certificates of the machine, as pip is told of them.
export SSL_CERT_FILE=${SSL_CERT_FILE:-${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}}
export DBT_SEND_ANONYMOUS_USAGE_STATS=false DAGSTER_DISABLE_TELEMETRY=yes DATAHUB_TELEMETRY_ENABLED=false
export ANONYMOUS_TRACKING_ENABLED=false DO_NOT_TRACK=1 NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1

leave_out() {
  echo "tools: $*" >&2
  [ "${CI:-}" != true ] || exit 1
  echo "tools: left out" >&2
  exit 0
}

packages_of() { sed -n "s/^$1 //p" "$tests/versions.txt"; }

# Once per family and list of packages; a half-made environment is made again.
install() {
  local family=$1 packages home
  packages=$(packages_of "$family")
  home=$cache/$family
  [ "$(cat "$home/packages" 2>/dev/null)" != "$packages" ] || return 0
  rm -rf "$home"
  mkdir -p "$home"
  echo "tools: installing $packages"
  if [ "$family" = vscode ]; then
    # shellcheck disable=SC2086 # it is a list
    (cd "$home" && echo '{"private": true}' >package.json && npm install --silent --no-audit --no-fund --ignore-scripts $packages) || return 1
  else
    # shellcheck disable=SC2086 # it is a list
    "$uv" venv --quiet --python python3 "$home/env" && "$uv" pip install --quiet --python "$home/env/bin/python" $packages || return 1
  fi
  echo "$packages" >"$home/packages"
}

uv=$cache/uv/bin/uv
if [ ! -x "$uv" ]; then
  rm -rf "$cache/uv"
  python3 -m venv "$cache/uv" && "$cache/uv/bin/python" -m pip install --quiet uv || leave_out "nothing can be installed from PyPI"
fi

# The executable by the name dbt, first in PATH; it finds its library beside itself.
PATH=$work/bin:$PATH
"$executable" shim "$work/bin" >/dev/null

# A project of its own, built, with all artifacts: `project NAME FOLDER`.
project() {
  mkdir -p "$work/$1"
  cp -R "$2/." "$work/$1"
  cd "$work/$1"
  rm -rf target logs ./*.duckdb
  # The sources of the shop are seeds.
  dbt seed --quiet
  dbt source freshness --quiet >/dev/null || true
  dbt build --quiet
  cp target/run_results.json "$work/run_results.json"
  # Last, so that the manifest has the compiled SQL of everything; its results are of compiling only.
  dbt docs generate --quiet
  mv "$work/run_results.json" target/run_results.json
}

dagster() {
  local python=$cache/dagster/env/bin/python
  project dagster_platform "$top/project"
  project dagster_shop "$tests/shop"
  DAGSTER_HOME='' "$python" "$tests/dagster_assets.py" "$work/dagster_platform" "$work/dagster_shop"
}

cosmos() {
  project cosmos_platform "$top/project"
  export AIRFLOW_HOME=$work/airflow AIRFLOW__COSMOS__ENABLE_CACHE=false AIRFLOW__CORE__LOAD_EXAMPLES=false
  "$cache/cosmos/env/bin/python" "$tests/cosmos_dag.py" "$work/cosmos_platform"
}

readers() {
  project readers_shop "$tests/shop"
  project readers_platform "$top/project"
  "$cache/readers/env/bin/python" "$tests/artifact_readers.py" "$work/readers_shop/target"
  (echo "dbt_artifacts_dir: $work/readers_shop/target"; cat "$tests/bouncer.yml") >"$work/bouncer.yml"
  "$cache/readers/env/bin/dbt-bouncer" run --config-file "$work/bouncer.yml"
}

datahub() {
  project datahub_shop "$tests/shop"
  TARGET=$work/datahub_shop/target OUT=$work/datahub.json \
    "$cache/datahub/env/bin/datahub" ingest --strict-warnings -c "$tests/datahub.yml"
  "$cache/datahub/env/bin/python" "$tests/datahub_events.py" "$work/datahub.json"
}

elementary() {
  project elementary_shop "$tests/shop"
  "$cache/elementary/env/bin/python" "$tests/elementary_calls.py" "$work/elementary_shop"
}

# The rules that say that SQL cannot be read or cannot mean what it says: how it is laid out is its author's business.
sqlfluff() {
  project sqlfluff_platform "$top/project"
  "$cache/sqlfluff/env/bin/sqlfluff" lint --nocolor --processes 2 --dialect duckdb --templater raw --rules AL04,AL05,RF01,ST03 \
    target/compiled/health_platform/models | tail -n 3
}

vscode() {
  project vscode_shop "$tests/shop"
  NODE_MODULES=$cache/vscode node "$tests/vscode_calls.mjs" "$work/vscode_shop"
}

failed=()
for family in "${families[@]}"; do
  begin=$SECONDS
  if [ "$family" = vscode ] && ! command -v npm >/dev/null; then
    echo "tools: $family: there is no npm, left out" >&2
    continue
  fi
  install "$family" || leave_out "$family cannot be installed"
  log=$work/$family.log
  # Not within the condition, where a command that fails would not end the family.
  set +e
  (set -e; "$family") >"$log" 2>&1
  status=$?
  set -e
  if [ $status = 0 ]; then
    grep -E "^($family|artifacts|Done|dbt Power User|elementary|datahub|dagster|cosmos|All Finished)" "$log" || true
    echo "tools: $family works ($((SECONDS - begin)) s)"
  else
    tail -n 60 "$log"
    echo "tools: $family FAILED ($((SECONDS - begin)) s)"
    failed+=("$family")
  fi
done
[ ${#failed[@]} -eq 0 ] || { echo "tools: failed: ${failed[*]}"; exit 1; }
