#!/usr/bin/env bash
# Builds the wheel, installs it into an empty virtual environment, and runs what was installed: version, lint and a whole build of project/.
#
#   scripts/wheel_test.sh     (PROFILE=dev as for scripts/wheel.sh)
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wheel=$("$root/scripts/wheel.sh" "$work/dist")
ls -l "$wheel"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-index "$wheel"
# Nothing of the folder that it was built in.
hetl() { env -u DUCKDB_LIB_DIR -u LD_LIBRARY_PATH "$work/venv/bin/hetl" "$@"; }
hetl --version
cp -R "$root/project" "$work/project"
cd "$work/project"
rm -rf target logs ./*.duckdb
# The library is the wheel's own.
case "$(uname -s)" in
Linux)
  loaded=$(env -u DUCKDB_LIB_DIR -u LD_LIBRARY_PATH LD_DEBUG=files "$work/venv/bin/hetl" debug 2>&1 | grep -m1 'calling init: .*libduckdb' || true)
  case "$loaded" in *"$work/venv/"*) echo "ok: $loaded" ;; *) echo "another library is loaded: $loaded"; exit 1 ;; esac ;;
esac
hetl build --quiet
hetl lint --rules LT12 --quiet >/dev/null || [ $? = 1 ]
echo "ok: project/ is built by what pip installed"
