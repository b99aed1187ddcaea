#!/usr/bin/env bash
# A throw-away PostgreSQL server for the tests.
#
#   scripts/test-postgres.sh start   starts it if need be, prints `host=… port=… user=… dbname=…`
#   scripts/test-postgres.sh stop    stops it and removes its data
#
# Uses the newest installed server (or PG_BIN). Where none is installed, root gets one from apt; others get exit code 3.
# PostgreSQL refuses to run as root, so it runs as the user `postgres` then (or PG_OS_USER).
# PG_TEST_DIR and PG_TEST_PORT say where.
set -euo pipefail

port=${PG_TEST_PORT:-54410}
dir=${PG_TEST_DIR:-${TMPDIR:-/tmp}/hetl-test-postgres-$(id -u)-$port}
connection="host=127.0.0.1 port=$port user=hetl dbname=hetl"

find_server() {
  local bin=${PG_BIN:-}
  [ -n "$bin" ] || bin=$(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin 2>/dev/null | sort -V | tail -1)
  [ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
  [ -x "$bin/initdb" ] && echo "$bin"
}

install_server() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "installing PostgreSQL" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -qy --no-install-recommends postgresql-common &&
    sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf &&
    apt-get install -qy --no-install-recommends postgresql; } >&2
}

# The server and its tools, as a user that PostgreSQL accepts.
as_server() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid "${PG_OS_USER:-postgres}" --regid "${PG_OS_USER:-postgres}" --clear-groups "$@")
  else
    "$@"
  fi
}

# What tests of logging in need: a certificate, and roles whose passwords are asked for.
secure() {
  local hba="$dir/data/pg_hba.conf"
  { printf 'host all hetl_scram all scram-sha-256\nhost all hetl_md5 all md5\nhost all hetl_clear all password\n'
    cat "$hba"; } >"$dir/hba" && as_server cp "$dir/hba" "$hba"
  command -v openssl >/dev/null || return 0
  as_server openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$dir/data/server.key" -out "$dir/data/server.crt" 2>/dev/null
}

answers() { "$bin/psql" -qXtA "$connection" -c 'select 1' >/dev/null 2>&1; }

start() {
  bin=$(find_server) || { install_server && bin=$(find_server); } || {
    echo "no PostgreSQL server is installed; install one, or set PG_BIN to the folder of initdb" >&2
    exit 3
  }
  if ! answers; then
    if [ ! -f "$dir/data/PG_VERSION" ]; then
      mkdir -p "$dir"
      [ "$(id -u)" != 0 ] || chown "${PG_OS_USER:-postgres}" "$dir"
      as_server "$bin/initdb" -D "$dir/data" -U hetl -A trust -E UTF8 --locale=C --no-sync >/dev/null
      secure
    fi
    local options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off"
    options="$options -c full_page_writes=off -c max_connections=200 -c timezone=UTC"
    [ ! -f "$dir/data/server.crt" ] || options="$options -c ssl=on"
    as_server "$bin/pg_ctl" -D "$dir/data" -o "$options" -l "$dir/data/server.log" -w start >/dev/null || {
      tail -5 "$dir/data/server.log" >&2
      exit 1
    }
    "$bin/createdb" -h 127.0.0.1 -p "$port" -U hetl hetl 2>/dev/null || answers
    "$bin/psql" -qX "$connection" -c "set password_encryption = 'scram-sha-256'" \
      -c "do \$\$ begin if to_regrole('hetl_scram') is null then create role hetl_scram login password 'it''s: secret';
          create role hetl_clear login password 'it''s: secret'; end if; end \$\$" -c "set password_encryption = 'md5'" \
      -c "do \$\$ begin if to_regrole('hetl_md5') is null then create role hetl_md5 login password 'it''s: secret';
          end if; end \$\$" 2>/dev/null
  fi
  echo "$connection"
}

stop() {
  bin=$(find_server) || return 0
  [ ! -f "$dir/data/postmaster.pid" ] || as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null
  rm -rf "$dir"
}

case "${1:-}" in
start) start ;;
stop) stop ;;
*) sed -n '2,10p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
