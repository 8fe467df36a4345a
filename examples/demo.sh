#!/bin/sh
# A day of simulated games, from HTTP to rows: a Stats API that runs here, the games of a date, the tables of the feed, line scores.
# All of it stays in the folder demo of the data folder, so that invented games never mix with others.
set -eu

day=2024-07-02
MLB_ETL_DATA=${MLB_ETL_DATA:-data}/demo
export MLB_ETL_DATA
unset MLB_ETL_DSN MLB_ETL_OBJECT_STORE MLB_ETL_TABLES

work=$(mktemp -d)
finish() {
  kill "$simulator" 2>/dev/null || :
  mlb-etl db stop >/dev/null || :
  rm -rf "$work"
}
say() { printf '\n$ %s\n' "$*"; "$@"; }

: >"$work/address" # there before it is read
printf '$ mlb-sim serve --date 2024-07-03\n'
mlb-sim serve --date 2024-07-03 >"$work/address" &
simulator=$!
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
until read -r MLB_ETL_BASE_URL <"$work/address"; do
  kill -0 "$simulator" || { echo 'demo: the simulator ended before it told its address' >&2; exit 1; }
  sleep 0.1
done
MLB_ETL_RATE=off
export MLB_ETL_BASE_URL MLB_ETL_RATE

say mlb-etl schema init
say mlb-etl ingest --job config/jobs/game_live_date.yaml --date "$day" --transform
say mlb-etl db psql -- --quiet --set=game_date="$day" --file=examples/line_scores.sql

cat <<TEXT

These games have a database of their own, in $MLB_ETL_DATA. Try next:

  export PATH="\$PWD/.venv/bin:\$PATH"
  MLB_ETL_DATA='$MLB_ETL_DATA' mlb-etl status
  MLB_ETL_DATA='$MLB_ETL_DATA' mlb-etl db psql -- --command='\dt+ game.*'
  MLB_ETL_DATA='$MLB_ETL_DATA' mlb-etl db psql -- --command='SELECT * FROM game.live_game_metadata' --expanded
  MLB_ETL_DATA='$MLB_ETL_DATA' mlb-etl db stop

and then "Load games" in README.md.
TEXT
