#!/usr/bin/env bash
# A release archive for the machine that it runs on: bin/hetl, lib/ with DuckDB's library, completions and the man page.
#
#   scripts/archive.sh [FOLDER]     (dist/ if none is given; prints the path of the archive)
#   HETL=PATH scripts/archive.sh    (an executable that is built already, with DuckDB's library beside it)
#
# Run it once on each kind of machine: Linux and macOS, x86-64 and arm64. The executable needs the C library of its machine or a newer one,
# so build on the oldest that is to be served. Beside the archive lies its SHA-256.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/dist}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case "$(uname -s)" in Darwin) system=macos library=libduckdb.dylib ;; *) system=linux library=libduckdb.so ;; esac
case "$(uname -m)" in arm64 | aarch64) machine=arm64 ;; *) machine=x86_64 ;; esac

if [ -n "${HETL:-}" ]; then
  hetl=$(cd "$(dirname "$HETL")" && pwd)/$(basename "$HETL")
  libraries=$(dirname "$hetl")
else
  cd "$root"
  scripts/duckdb-library.sh
  cargo build --release --bin hetl >&2
  hetl=${CARGO_TARGET_DIR:-$root/target}/release/hetl
  libraries=$root/.duckdb
fi
version=$("$hetl" --version | cut -d' ' -f2)
name=hetl-$version-$system-$machine

mkdir -p "$work/$name/bin" "$work/$name/lib" "$work/$name/share/man/man1" "$work/$name/share/completions"
cp "$hetl" "$work/$name/bin/"
cp "$libraries/$library" "$work/$name/lib/"
cp "$root/README.md" "$work/$name/"
"$hetl" man > "$work/$name/share/man/man1/hetl.1"
for shell in bash zsh fish; do "$hetl" completions "$shell" > "$work/$name/share/completions/hetl.$shell"; done
# The library beside it is enough to open a database.
mkdir "$work/empty"
printf 'name: empty\nprofile: empty\n' > "$work/empty/dbt_project.yml"
printf 'empty: {target: dev, outputs: {dev: {type: duckdb, path: ":memory:"}}}\n' > "$work/empty/profiles.yml"
(cd "$work/empty" && env -u DUCKDB_LIB_DIR -u LD_LIBRARY_PATH "$work/$name/bin/hetl" show --inline 'select 1' >/dev/null)

tar --create --gzip --file "$folder/$name.tar.gz" --directory "$work" "$name"
(cd "$folder" && if command -v sha256sum >/dev/null; then sha256sum "$name.tar.gz"; else shasum -a 256 "$name.tar.gz"; fi > "$name.tar.gz.sha256")
echo "$folder/$name.tar.gz"
