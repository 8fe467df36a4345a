#!/bin/sh
# Installs dbt outside the checkout, once for each state of the pins, and prints the folder; its bin/ has dbt. Its packages stay out of
# .venv, whose versions they contradict.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../../.venv/bin:$PATH" # where uv is
sum=$(cat install.sh ../../requirements/dbt.txt | cksum | tr -c '0-9\n' '-')
folder=${XDG_CACHE_HOME:-$HOME/.cache}/mlb-data-platform/dbt-$sum

if [ ! -e "$folder/ready" ]; then
  mkdir -p "$folder/bin"
  uv venv --quiet --clear --python ../../.venv/bin/python "$folder/venv"
  uv pip install --quiet --python "$folder/venv/bin/python" --require-hashes -r ../../requirements/dbt.txt
  ln -sf ../venv/bin/dbt "$folder/bin"
  touch "$folder/ready"
fi
echo "$folder"
