#!/usr/bin/env bash
# Drives the documentation site in headless Chromium: scripts/site.sh [HETL] [FOLDER FOR SCREENSHOTS].
# Installs Chromium if it is missing, where it is root in CI; elsewhere a machine without it only gets a message.
set -euo pipefail
cd "$(dirname "$0")/.."

hetl=${1:-${CARGO_TARGET_DIR:-target}/debug/hetl}
missing=()
command -v node >/dev/null || missing+=(nodejs)
command -v chromium >/dev/null || missing+=(chromium)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "${CI:-}" != true ] || [ "$(id -u)" != 0 ]; then
    echo "the site is not driven: ${missing[*]} missing"
    [ "${CI:-}" != true ] || exit 1
    exit 0
  fi
  DEBIAN_FRONTEND=noninteractive apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
fi
node tests/site/drive.mjs "$hetl" ${2:+"$2"}
