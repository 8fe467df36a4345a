#!/bin/sh
# Installs what builds the site, outside the checkout, once for each state of the pins, and prints the folder. Its packages stay out
# of .venv, which everyone sets up. npm adds the script with which the search works without a server; it may be missing.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../.venv/bin:$PATH" # where uv is
pins="package.json package-lock.json .npmrc install.sh ../requirements/docs.txt"
npm=$(command -v npm || :)
sum=$(printf '%s' "$npm" | cat $pins - | cksum | tr -c '0-9\n' '-')
folder=${XDG_CACHE_HOME:-$HOME/.cache}/mlb-data-platform/docs-$sum

if [ ! -e "$folder/ready" ]; then
  mkdir -p "$folder"
  if [ -n "$npm" ]; then
    cp package.json package-lock.json .npmrc "$folder"
    (cd "$folder" && npm ci --silent >&2)
  else
    echo "install.sh: without npm the search of the site needs a server" >&2
  fi
  uv venv --quiet --clear --python ../.venv/bin/python "$folder/venv"
  uv pip install --quiet --python "$folder/venv/bin/python" --require-hashes -r ../requirements/docs.txt
  mkdir -p "$folder/bin"
  ln -sf ../venv/bin/zensical "$folder/bin"
  touch "$folder/ready"
fi
echo "$folder"
