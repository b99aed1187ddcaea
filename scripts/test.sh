#!/usr/bin/env bash
# Runs all tests, with a PostgreSQL server of their own, whose address is in HETL_TEST_POSTGRES.
# Arguments go to the test runner: cargo nextest where it is installed, else cargo test.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/duckdb-library.sh

# A server that runs already is left running.
if [ -z "${HETL_TEST_POSTGRES:-}" ]; then
  if HETL_TEST_POSTGRES=$(scripts/test-postgres.sh start); then
    export HETL_TEST_POSTGRES
    trap 'scripts/test-postgres.sh stop' EXIT
  else
    unset HETL_TEST_POSTGRES
    [ "${CI:-}" != true ] || { echo "CI needs PostgreSQL" >&2; exit 1; }
    echo "going on without PostgreSQL" >&2
  fi
fi

if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --no-fail-fast "$@"
else
  cargo test --no-fail-fast "$@"
fi
