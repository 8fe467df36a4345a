#!/bin/sh
# The wheels build from the sdist. That of the runtime and generator runs with the runtime's dependencies alone, and has
# nothing of baseball; with that of the plug-in there are its commands, tables, jobs and simulator.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python -m hatchling build --target sdist --directory "$work" >/dev/null
mkdir "$work/source"
tar -xzf "$work"/*.tar.gz -C "$work/source" --strip-components=1
(cd "$work/source" && python -m hatchling build --target wheel --directory "$work/core" >/dev/null)
(cd "$work/source/baseball" && python -m hatchling build --target wheel --directory "$work/plugin" >/dev/null)
python -m venv "$work/venv"
install() { "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
install --require-hashes -r requirements/runtime.txt
install --no-deps "$work"/core/*.whl
grep -A2 -E '^json(patch|pointer)==' requirements/image.txt | grep -v -- '^--$' | sed '$!b;s/ \\$//' >"$work/plugin.txt"
cd "$work" # so that the checkout is not on the path

fails() { if "$@" 2>/dev/null; then echo "wheel: did not fail: $*" >&2; exit 1; fi; }
fails "$work/venv/bin/mlb-etl" live --help
for absent in mlb_etl.baseball mlb_tables mlb_sim jinja2 datamodel_code_generator sqlglot; do
  fails "$work/venv/bin/python" -c "import $absent"
done
mkdir -p "$work/project/schemas"
touch "$work/project/pyproject.toml"
"$work/venv/bin/mlbgen" generate --root "$work/project" 2>&1 | grep -q "pip install 'mlb-etl\[codegen\]'"

install --require-hashes -r "$work/plugin.txt"
install --no-deps "$work"/plugin/*.whl
"$work/venv/bin/python" - <<'PYTHON'
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
"$work/venv/bin/mlb-etl" live --help >/dev/null
"$work/venv/bin/mlb-etl" jobs list | grep -q "^schedule_daily "
"$work/venv/bin/mlb-etl" jobs show game_live_date | grep -q "^name: game_live_date$"
# what goes by name gets as far as the database, which is not there
for what in "--job game_live_transform" "--method game.liveGameV1"; do
  # shellcheck disable=SC2086 # two words
  MLB_ETL_DSN=postgresql:///nowhere?host=/nowhere "$work/venv/bin/mlb-etl" transform $what 2>error && exit 1
  grep -q "^Error: no connection to the database" error || { cat error; exit 1; }
done
"$work/venv/bin/mlb-sim" write "$work/stubs" --games 1 >/dev/null
echo "wheel: both build, install and run with their dependencies alone"
