#!/usr/bin/env bash
# The hooks of .pre-commit-hooks.yaml under the real pre-commit, on a git repository made for it.
#
#   scripts/pre_commit.sh HETL
#
# pre-commit is taken from PATH, or installed into a virtual environment of its own. Exits with 1 where a hook does not do what it should.
set -euo pipefail

hetl=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PRE_COMMIT_HOME=$work/cache GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$work/gitconfig" user.name tester
git config --file "$work/gitconfig" user.email tester@example.org

if ! command -v pre-commit >/dev/null; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet pre-commit
  export PATH=$work/venv/bin:$PATH
fi
mkdir "$work/bin"
ln -s "$hetl" "$work/bin/hetl"
export PATH=$work/bin:$PATH

# The hooks come from a repository, as users name it.
git init --quiet "$work/hooks"
cp "$root/.pre-commit-hooks.yaml" "$work/hooks/"
git -C "$work/hooks" add .
git -C "$work/hooks" commit --quiet --message hooks
revision=$(git -C "$work/hooks" rev-parse HEAD)

git init --quiet "$work/project"
cd "$work/project"
mkdir models
cat > dbt_project.yml <<'YML'
name: shop
profile: shop
flags: {send_anonymous_usage_stats: false}
YML
cat > profiles.yml <<'YML'
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
YML
printf 'target/\nlogs/\n' > .gitignore
cat > .pre-commit-config.yaml <<YML
repos:
  - repo: $work/hooks
    rev: $revision
    hooks:
      - id: hetl-parse
      - id: hetl-lint
      - id: hetl-format
      - id: hetl-check
YML
pre-commit install >/dev/null

failed=0
# expect WHAT CODE WORDS: the last commit's exit code and what was printed.
expect() {
  local what=$1 code=$2 words=$3
  if [ "$status" = "$code" ] && grep -qF -- "$words" "$work/printed"; then
    echo "ok: $what"
  else
    echo "FAILED: $what (exit $status)"; cat "$work/printed"; failed=1
  fi
}
commit() {
  git add --all
  status=0
  git commit --quiet --message change >"$work/printed" 2>&1 || status=$?
}

printf 'select 1 as id\n' > models/customers.sql
commit
expect "a clean model is committed" 0 "hetl lint"

printf 'SELECT id, id  as other from {{ ref("customers") }}\n' > models/orders.sql
commit
expect "a model with findings is not" 1 "models/orders.sql"
expect "each finding names its rule and place" 1 "CP01"
grep -q 'files were modified by this hook' "$work/printed" && echo "ok: format says that it changed the file" || { echo "FAILED: format"; cat "$work/printed"; failed=1; }

commit
expect "what was formatted is committed" 0 "Passed"
grep -q '^SELECT' models/orders.sql && grep -q '{{ ref("customers") }}' models/orders.sql &&
  echo "ok: the tags are as they were" || { echo "FAILED: formatted text"; cat models/orders.sql; failed=1; }

printf 'select * from {{ ref("custmers") }}\n' > models/wrong.sql
commit
expect "a model that refers to nothing is not committed" 1 'a similar name exists: `customers`'
rm models/wrong.sql

cat > models/models.yml <<'YML'
models:
  - name: customers
    description: One row a customer.
    columns:
      - {name: id, description: Its number., meta: {phi: true}}
YML
commit
expect "a column with PHI that is not described stops the commit" 1 'phi-without-description'
grep -q 'hetl check' "$work/printed" && echo "ok: check says so too" || { echo "FAILED: check"; cat "$work/printed"; failed=1; }
exit $failed
