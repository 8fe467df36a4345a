#!/bin/sh
# The wheel builds from the sdist, holds every package with its data, and runs with the runtime's dependencies alone.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python -m hatchling build --target sdist --directory "$work" >/dev/null
mkdir "$work/source"
tar -xzf "$work"/*.tar.gz -C "$work/source" --strip-components=1
(cd "$work/source" && python -m hatchling build --target wheel --directory "$work/dist" >/dev/null)
python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$work"/dist/*.whl
cd "$work" # so that the checkout is not on the path
"$work/venv/bin/python" - <<'PYTHON'
from importlib.resources import files

import mlb_etl

assert mlb_etl.pipeline("game.liveGameV1")
for resource in (
    "mlb_tables/migrations/V1__raw_tables.sql",
    "mlb_tables/migrations/migrations.sum",
    "mlbgen_templates",
    "mlb_etl/shipped_stubs/game/liveGameV1",
):
    package, _, rest = resource.partition("/")
    assert files(package).joinpath(rest).exists() if rest else files(package).is_dir(), resource
for generator in ("jinja2", "datamodel_code_generator", "sqlglot"):
    try:
        __import__(generator)
    except ImportError:
        continue
    raise AssertionError(f"{generator} is installed beside the runtime")
PYTHON
"$work/venv/bin/mlb-etl" --help >/dev/null
"$work/venv/bin/mlb-etl" jobs list | grep -q "^schedule_daily "
"$work/venv/bin/mlb-etl" jobs show game_live_date | grep -q "^name: game_live_date$"
# what goes by name gets as far as the database, which is not there
for what in "--job game_live_transform" "--method game.liveGameV1"; do
  # shellcheck disable=SC2086 # two words
  MLB_ETL_DSN=postgresql:///nowhere?host=/nowhere "$work/venv/bin/mlb-etl" transform $what 2>error && exit 1
  grep -q "^Error: no connection to the database" error || { cat error; exit 1; }
done
"$work/venv/bin/mlb-sim" write "$work/stubs" --games 1 >/dev/null
"$work/venv/bin/mlbgen" --help >/dev/null
mkdir -p "$work/project/schemas"
touch "$work/project/pyproject.toml"
"$work/venv/bin/mlbgen" generate --root "$work/project" 2>&1 | grep -q "pip install 'mlb-etl\[codegen\]'"
echo "wheel: builds, installs and runs with the runtime's dependencies alone"
