#!/usr/bin/env bash
# Puts the official DuckDB library into .duckdb/ (or the folder given), where cargo links against it.
#
#   scripts/duckdb-library.sh [FOLDER]
#
# Does nothing if the right file is there. Takes it from the npm package of DuckDB's own Node client, or from the release on GitHub
# where npm is missing; either way the library's SHA-256 must be the one below. DUCKDB_LIBRARY_FROM=npm|release asks for one of the two.
set -euo pipefail

duckdb=1.5.5
package=1.5.5-r.5
folder=${1:-$(cd "$(dirname "$0")/.." && pwd)/.duckdb}

case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
  platform=linux-x64 release=linux-amd64 file=libduckdb.so
  sha256=fc23f12e376c47be520f75221288281906e7942e8fd6f6ce4849198ba60d0405 ;;
Linux-aarch64 | Linux-arm64)
  platform=linux-arm64 release=linux-arm64 file=libduckdb.so
  sha256=d00d007f3f7ca1f2896a5e4b89c2ce141bf0508506a9d6d56f9598b8e59d074e ;;
Darwin-x86_64)
  platform=darwin-x64 release=osx-universal file=libduckdb.dylib
  sha256=b9027d18ef3e8d960568f77e946a83ca68009cb22d71cf7f94de842afdd094d8 ;;
Darwin-arm64)
  platform=darwin-arm64 release=osx-universal file=libduckdb.dylib
  sha256=b9027d18ef3e8d960568f77e946a83ca68009cb22d71cf7f94de842afdd094d8 ;;
*)
  echo "There is no ready-made DuckDB library for $(uname -s) on $(uname -m); build with: cargo build --release --no-default-features --features lint,bundled" >&2
  exit 1 ;;
esac

has_right_sum() {
  [ -f "$1" ] || return 1
  local sum
  if command -v sha256sum >/dev/null; then sum=$(sha256sum "$1"); else sum=$(shasum -a 256 "$1"); fi
  [ "${sum%% *}" = "$sha256" ]
}

if has_right_sum "$folder/$file"; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from_npm() {
  command -v npm >/dev/null || return 1
  (cd "$work" && npm pack --silent "@duckdb/node-bindings-$platform@$package" >/dev/null &&
    tar xzf ./*.tgz --strip-components=1 "package/$file")
}

from_release() {
  local address=https://github.com/duckdb/duckdb/releases/download/v$duckdb/libduckdb-$release.zip
  command -v curl >/dev/null || { echo "neither npm nor curl is installed" >&2; return 1; }
  (cd "$work" && curl --fail --silent --show-error --location --retry 3 -o library.zip "$address" &&
    if command -v unzip >/dev/null; then unzip -qo library.zip "$file"; else python3 -m zipfile -e library.zip .; fi)
}

for source in ${DUCKDB_LIBRARY_FROM:-npm release}; do
  echo "DuckDB $duckdb library: from $source" >&2
  if "from_$source" && has_right_sum "$work/$file"; then
    mkdir -p "$folder"
    # Renamed into place, so that two runs at once do no harm; packages date their files to 1985.
    touch "$work/$file"
    mv "$work/$file" "$folder/.$file.$$"
    mv "$folder/.$file.$$" "$folder/$file"
    exit 0
  fi
  [ ! -f "$work/$file" ] || echo "the library from $source has another SHA-256 than $sha256" >&2
  rm -f "$work"/*
done
echo "The DuckDB library could not be fetched. Put $file of DuckDB $duckdb into $folder, or set DUCKDB_LIB_DIR to its folder." >&2
exit 1
