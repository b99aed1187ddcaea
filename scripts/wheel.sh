#!/usr/bin/env bash
# A Python wheel that carries the executable and DuckDB's library: `pip install` and pre-commit need no Rust then.
#
#   scripts/wheel.sh [FOLDER]     (dist/ if none is given; prints the path of the wheel)
#
# PROFILE=dev takes the build of that profile of Cargo instead of release.
# maturin is taken from PATH, or installed into a virtual environment of its own. The library lies in the wheel's data, from where pip puts it
# into the environment's lib folder, beside bin: one of the places in which the executable looks (crates/duckdb-library).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/dist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
case "$(uname -s)" in Darwin) library=libduckdb.dylib ;; *) library=libduckdb.so ;; esac

if ! command -v maturin >/dev/null; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet maturin
  export PATH=$work/venv/bin:$PATH
fi
"$root/scripts/duckdb-library.sh"

# maturin takes what is in the data folder as it is.
data=$root/target/wheel-data
rm -rf "$data"
mkdir -p "$data/data/lib"
cp "$root/.duckdb/$library" "$data/data/lib/"
trap 'rm -rf "$work" "$data"' EXIT

cd "$root"
# The library comes along in the data folder: nothing is to be repaired.
maturin build --profile "${PROFILE:-release}" --auditwheel skip --out "$work/dist" >&2
mv "$work"/dist/*.whl "$folder/"
ls "$folder"/hetl-*.whl | tail -1
