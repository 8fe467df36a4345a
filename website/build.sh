#!/bin/sh
# Builds the site into FOLDER/site, by default build/site: puts the pages together, and runs Zensical over them.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-build}
tools=$(website/install.sh)
python website/stage.py "$folder" "$tools"
(cd "$folder" && "$tools/bin/zensical" build --clean --strict --config-file mkdocs.yml)
