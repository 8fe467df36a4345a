# Recipes of the project; `./run RECIPE` sets everything up first.

# list the recipes
default:
    @just --list --unsorted

# capture a day of simulated games into the embedded PostgreSQL and show what came of it
demo:
    examples/demo.sh

# make .env for docker-compose.yaml, with random passwords, unless it is there
env:
    #!/bin/sh
    set -eu
    [ ! -e .env ] || { echo ".env is there; it stays as it is" >&2; exit 0; }
    umask 077
    awk '/_PASSWORD=$/ { "openssl rand -hex 24" | getline word; close("openssl rand -hex 24"); $0 = $0 word } { print }' .env.example >.env.new
    mv .env.new .env

# generate code, DDL and the mapping's JSON Schema from schemas/, and show what changed
generate:
    #!/bin/sh
    set -eu
    mlbgen generate
    without=$(mktemp -d) # the examples' environments lack baseball: here an empty distribution of its name hides it
    mkdir "$without/mlb_etl_baseball-0.dist-info"
    for example in tracker weather; do PYTHONPATH=$without mlbgen generate --root examples/$example; done
    rm -r "$without"
    mlb-etl jobs schema > schemas/job.schema.json
    git --no-pager diff --stat -- generated schemas docs examples

# make the invented feed of game 747175 anew, which `mlb-etl test load-stub` loads where there are no captured ones
sample:
    #!/bin/sh
    set -eu
    work=$(mktemp -d)
    mlb-sim write "$work" --first-game-pk 747175 --games 1
    cp "$work"/game/liveGameV1/747175_20240322T231839Z.json.gz runtime/mlb_etl/baseball/shipped_stubs/game/liveGameV1/
    rm -r "$work"

# make the invented answers in schemas/simulated anew: a game and one answer of each other method, whose rows the dictionary counts
simulated:
    #!/bin/sh
    set -eu
    work=$(mktemp -d)
    mlb-sim write "$work" --first-game-pk 747175 --games 1
    cd "$work"
    rm -r game/boxscore game/linescore game/liveTimestamp*
    find game/liveGameV1 -type f ! -name 747175_20240322T231839Z.json.gz -delete
    cd - >/dev/null
    rm -rf schemas/simulated
    mv "$work" schemas/simulated
    chmod 755 schemas/simulated

# infer the shape of the API's responses from samples, e.g. `just infer ../shared/stubs`
infer stubs:
    mlbgen infer --stubs {{ quote(stubs) }}

# paths of samples that no mapping takes or ignores: of the committed shapes, of $MLB_STUBS and of folders, e.g. `just unmapped ../shared/stubs`
unmapped *folders:
    mlbgen coverage
    for folder in {{ folders }} ${MLB_STUBS:-}; do mlbgen coverage --stubs "$folder"; done

# everything that should hold before a commit
check: lint types imports drift test wheel

# what CI runs: `check`, with branch coverage and a report of unmapped paths
ci: lint types imports drift coverage unmapped wheel

# style and formatting
lint:
    ruff check .
    ruff format --check .

# static types, hand-written and generated code
types:
    mypy

# who may import whom
imports:
    lint-imports

# what is committed in generated/ is what the mappings say, and the mappings are right
drift:
    mlbgen check
    mlbgen diff
    squawk generated/mlb_tables/migrations/*.sql

# the tests; arguments go to pytest
test *arguments:
    pytest --numprocesses=auto --dist=worksteal {{ arguments }}

# tests of generated code over all captured feeds, and those that play, load or follow much: tracing would slow them down
# without reaching another branch
untraced := "tests/integration/test_benchmarks.py tests/integration/test_cli_json.py tests/integration/test_demo.py tests/integration/test_deploy_run.py tests/integration/test_docs_migrations.py tests/integration/test_hydrations.py tests/integration/test_lake_equal.py tests/integration/test_lake_week.py tests/integration/test_laws_methods.py tests/integration/test_laws_real.py tests/integration/test_laws_sequences.py tests/integration/test_live_day.py tests/integration/test_live_feeds.py tests/integration/test_pages.py tests/integration/test_partitioning_doc.py tests/integration/test_schedule_range.py tests/integration/test_schema_drift.py tests/integration/test_season.py tests/integration/test_site.py tests/integration/test_variants.py"

# the tests, with branch coverage of all processes; below the floor (pyproject.toml) it fails, so nothing may be skipped
coverage *arguments: (test "tests/unit" "tests/golden" "tests/integration" "--cov" replace(untraced, "tests/", "--ignore=tests/") arguments) (test "tests/generated" untraced arguments)

# put small bugs in, one at a time, and show that the tests find each; arguments go to tests/mutants.py
mutants *arguments:
    python tests/mutants.py {{ arguments }}

# play seeded histories of capture, workers, operators and crashes over both stores, with an auditor after each step, e.g. `just soak --minutes 60 --seed 1`
soak *arguments:
    PYTHONPATH=tests python -m soaking {{ arguments }}

# take lines out that keep the write laws, one at a time, and show that histories find each
soak-laws *arguments:
    PYTHONPATH=tests python -m soaking.laws {{ arguments }}

# make the commit of a release ready: its version, its section in the changelog, and the sums of its migrations
release version:
    python tests/release.py {{ version }}

# the wheel builds, and what it installs runs without the generator's dependencies
wheel:
    tests/wheel.sh

# chart, manifests, workflows and alerts against their schemas and linters, offline once deploy/check/install.sh has run
deploy-check:
    #!/bin/sh
    set -eu
    tools=$(deploy/check/install.sh)
    "$tools/venv/bin/python" deploy/check/check.py "$tools"

# build the images with buildah, on Debian and as root, and run them: etl, or those named (etl, spark)
images *names:
    python tests/images.py {{ names }}

# build the documentation site into build/site
docs:
    website/build.sh
    @echo "open build/site/index.html, or serve it: python -m http.server --directory build/site"

# draw the picture of README anew, from a day of simulated games
picture:
    python website/picture.py

# measure against other loaders (`just bench`), how cost grows (`just bench growth`), commands that a person waits for (`cold`), `live` games, and `captures` on disk
bench *arguments:
    python benchmarks/bench.py {{ arguments }}

# format the code
format:
    ruff check --fix .
    ruff format .

# accept new golden files; say why in the commit
goldens:
    pytest --snapshot-update tests/golden tests/integration

# pin the dependencies anew
lock:
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml --output-file requirements/runtime.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra baseball --no-emit-package mlb-etl --no-emit-package mlb-etl-baseball --extra embedded --extra store --extra delta --extra export --extra cache --extra observe --extra ui --extra codegen --group dev pyproject.toml --output-file requirements/dev.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra spark --group spark --constraint requirements/dev.txt pyproject.toml --output-file requirements/spark.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group browser --constraint requirements/dev.txt --output-file requirements/browser.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group notebooks --constraint requirements/dev.txt --output-file requirements/notebooks.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra baseball --no-emit-package mlb-etl --no-emit-package mlb-etl-baseball --extra store --extra delta --extra export --extra cache --extra observe --constraint requirements/dev.txt pyproject.toml --output-file requirements/image.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra baseball --no-emit-package mlb-etl --no-emit-package mlb-etl-baseball --extra store --extra delta --extra export --extra cache --extra observe --extra spark --constraint requirements/spark.txt pyproject.toml --output-file requirements/image-spark.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group build --constraint requirements/dev.txt --output-file requirements/build.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.12 --group deploy --output-file requirements/deploy.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group docs --constraint requirements/dev.txt --output-file requirements/docs.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 tests/dbt/requirements.in --output-file requirements/dbt.txt
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --constraint requirements/dev.txt benchmarks/contenders/requirements.in --output-file requirements/bench.txt
