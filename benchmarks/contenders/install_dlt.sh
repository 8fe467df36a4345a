#!/bin/sh
# Installs dlt outside the checkout, once for each state of the pins, and prints the folder; its bin/ has dlt. Its packages stay out of
# .venv, which everyone sets up.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../../.venv/bin:$PATH" # where uv is
sum=$(cat install_dlt.sh ../../requirements/bench.txt | cksum | tr -c '0-9\n' '-')
folder=${XDG_CACHE_HOME:-$HOME/.cache}/mlb-data-platform/bench-$sum

if [ ! -e "$folder/ready" ]; then
  mkdir -p "$folder/bin"
  uv venv --quiet --clear --python ../../.venv/bin/python "$folder/venv"
  uv pip install --quiet --python "$folder/venv/bin/python" --require-hashes -r ../../requirements/bench.txt
  ln -sf ../venv/bin/dlt "$folder/bin"
  touch "$folder/ready"
fi
echo "$folder"
