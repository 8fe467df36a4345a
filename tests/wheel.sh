#!/bin/sh
# The wheel builds from what is committed, holds every package with its data, and runs with the runtime's dependencies alone.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python -m hatchling build --target wheel --directory "$work/dist" >/dev/null
python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$work"/dist/*.whl
cd "$work" # so that the checkout is not on the path
"$work/venv/bin/python" - <<'PYTHON'
from importlib.resources import files

import mlb_etl

assert mlb_etl.pipeline("game.liveGameV1")
for resource in ("mlb_tables/migrations/V1__raw_tables.sql", "mlb_tables/migrations/migrations.sum", "mlbgen_templates"):
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
"$work/venv/bin/mlb-sim" write "$work/stubs" --games 1 >/dev/null
"$work/venv/bin/mlbgen" --help 2>&1 | grep -q "pip install 'mlb-etl\[codegen\]'"
echo "wheel: builds, installs and runs with the runtime's dependencies alone"
