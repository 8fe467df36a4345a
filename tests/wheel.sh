#!/bin/sh
# The wheels build from the sdist, and are installed on each Python that pyproject.toml names and the machine has; in CI, on all.
# That of the runtime and generator runs with the runtime's dependencies alone, and has nothing of baseball; with that of the
# plug-in there are its commands, tables, jobs and simulator, and a database that 0.1.0 made becomes today's.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python -m hatchling build --target sdist --directory "$work" >/dev/null
mkdir "$work/source"
tar -xzf "$work"/*.tar.gz -C "$work/source" --strip-components=1
(cd "$work/source" && python -m hatchling build --target wheel --directory "$work/core" >/dev/null)
(cd "$work/source/baseball" && python -m hatchling build --target wheel --directory "$work/plugin" >/dev/null)
grep -A2 -E '^json(patch|pointer)==' requirements/image.txt | grep -v -- '^--$' | sed '$!b;s/ \\$//' >"$work/plugin.txt"
cp requirements/runtime.txt "$work"
mkdir -p "$work/project/schemas"
touch "$work/project/pyproject.toml"
cd "$work" # so that the checkout is not on the path

fails() { if "$@" 2>/dev/null; then echo "wheel: did not fail: $*" >&2; exit 1; fi; }

# the program of a Python of this version, such as 3.12; nothing if there is none
find_python() {
  for each in python3 "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if "$each" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then command -v "$each"; return; fi
  done
}

# install both wheels, one after the other, in an environment of this Python, and see what each brings
check() {
  venv=$work/venv-$1
  uv venv --quiet --python "$2" "$venv"
  install() { uv pip install --quiet --python "$venv/bin/python" "$@"; }
  install --require-hashes -r runtime.txt
  install --no-deps core/*.whl
  fails "$venv/bin/mlb-etl" live --help
  for absent in mlb_etl.baseball mlb_tables mlb_sim jinja2 datamodel_code_generator sqlglot; do
    fails "$venv/bin/python" -c "import $absent"
  done
  "$venv/bin/mlbgen" generate --root project 2>&1 | grep -q "pip install 'mlb-etl\[codegen\]'"

  install --require-hashes -r plugin.txt
  install --no-deps plugin/*.whl
  "$venv/bin/python" - <<'PYTHON'
from importlib.resources import files

import mlb_etl

assert mlb_etl.pipeline("game.liveGameV1")
for resource in (
    "mlb_tables/migrations/V1__raw_tables.sql",
    "mlb_tables/migrations/migrations.sum",
    "mlbgen_templates",
    "mlb_etl/baseball/shipped_stubs/game/liveGameV1",
):
    package, _, rest = resource.partition("/")
    assert files(package).joinpath(rest).exists() if rest else files(package).is_dir(), resource
PYTHON
  "$venv/bin/mlb-etl" live --help >/dev/null
  "$venv/bin/mlb-etl" config show | grep -q "^tables  *mlb_tables "
  "$venv/bin/mlb-etl" jobs list | grep -q "^schedule_daily "
  "$venv/bin/mlb-etl" jobs show game_live_date | grep -q "^name: game_live_date$"
  # what goes by name gets as far as the database, which is not there
  for what in "--job game_live_transform" "--method game.liveGameV1"; do
    # shellcheck disable=SC2086 # two words
    MLB_ETL_DSN=postgresql:///nowhere?host=/nowhere "$venv/bin/mlb-etl" transform $what 2>error && exit 1
    grep -q "^Error: no connection to the database" error || { cat error; exit 1; }
  done
  "$venv/bin/mlb-sim" write "stubs-$1" --games 1 >/dev/null
}

checked=
for version in $(sed -n 's/.*"Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' "$root/pyproject.toml"); do
  python=$(find_python "$version")
  if [ -n "$python" ]; then
    check "$version" "$python"
    checked="$checked $version"
  elif [ "${CI:-}" = true ]; then
    echo "wheel: there is no Python $version" >&2
    exit 1
  else
    echo "wheel: no Python $version here, so it is not tried on it"
  fi
done
[ -n "$checked" ] || { echo "wheel: it was tried on no Python" >&2; exit 1; }
echo "wheel: both build, install and run with their dependencies alone, on Python$checked"
if [ "$(git -C "$root" rev-parse --is-shallow-repository)" = true ]; then
  echo "wheel: the history, which has 0.1.0, is not here, so no upgrade is tried"
else
  (cd "$root" && python tests/upgrade.py "$work/venv-${checked##* }/bin")
fi
