#!/bin/sh
# A day of simulated games, from HTTP to rows: a Stats API that runs here, the games of a date, 17 tables, line scores.
set -eu

day=2024-07-02
data=${MLB_ETL_DATA:-data}
mkdir -p "$data"

say() { printf '\n$ %s\n' "$*"; "$@"; }

printf '$ mlb-sim serve --date 2024-07-03\n'
mlb-sim serve --date 2024-07-03 >"$data/simulator" &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || :; mlb-etl db stop' EXIT
until [ -s "$data/simulator" ]; do
  kill -0 "$simulator"
  sleep 0.1
done
MLB_ETL_BASE_URL=$(cat "$data/simulator") MLB_ETL_RATE=off
export MLB_ETL_BASE_URL MLB_ETL_RATE

say mlb-etl schema init
say mlb-etl ingest --job config/jobs/game_live_date.yaml --date "$day" --transform
say mlb-etl db psql -- --quiet --set=game_date="$day" --file=examples/line_scores.sql
