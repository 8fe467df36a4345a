#!/bin/sh
# One real game, 747175, from a captured response to rows: schema, raw table, 17 tables, line score.
set -eu

game=747175
stubs=${MLB_STUBS:-../shared/stubs}
[ -d "$stubs" ] || { echo "demo: no captured responses in $stubs; set MLB_STUBS to a folder that has them" >&2; exit 1; }

say() { printf '\n$ %s\n' "$*"; "$@"; }

say mlb-etl schema init
say mlb-etl test load-stub --game-pk "$game" --stubs "$stubs"
say mlb-etl transform --job config/jobs/game_live_transform.yaml --game-pk "$game"
say mlb-etl db psql -- --quiet --set=game_pk="$game" --file=examples/line_score.sql
mlb-etl db stop
