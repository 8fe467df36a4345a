"""Completion in a shell: bash itself is asked, and zsh and fish as click's functions for them ask."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from checks import some
from looked_at import Shown, plain_environment
from psycopg.conninfo import make_conninfo

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
# Sources the function, lets bash split the line at its COMP_WORDBREAKS as it does after TAB, and prints COMPREPLY.
ASK = r"""
eval "$(_MLB_ETL_COMPLETE=bash_source mlb-etl)"
compopt() { echo "option $*"; }
line=$1
COMP_WORDS=()
word=
for ((at = 0; at < ${#line}; at++)); do
    each=${line:at:1}
    case $each in
        ' ') [ -n "$word" ] && COMP_WORDS+=("$word"); word= ;;
        ':'|'=') [ -n "$word" ] && COMP_WORDS+=("$word"); COMP_WORDS+=("$each"); word= ;;
        *) word+=$each ;;
    esac
done
[ -n "$word" ] || [ "${line: -1}" = ' ' ] && COMP_WORDS+=("$word")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
_mlb_etl_completion mlb-etl
printf '%s\n' "${COMPREPLY[@]}"
"""


def asked(line: str, folder: Path = ROOT, **environment: str) -> list[str]:
    """What bash offers after this line and TAB; nothing may be printed besides."""
    own = plain_environment() | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "ask", line], cwd=folder, env=own, capture_output=True, text=True, check=True
    )
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def test_commands_and_options_are_offered() -> None:
    assert {"ingest", "live", "transform", "ui"} <= {*asked("mlb-etl ")}
    assert asked("mlb-etl quar") == ["quarantine"]
    assert asked("mlb-etl quarantine re") == ["retry"]
    assert asked("mlb-etl transform --rep") == ["--replay"]
    assert asked("mlb-etl --log-format ") == ["text", "json"]
    assert asked("mlb-etl --log-format=j") == ["json"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mlb-etl ingest --job game_live_sp", ["game_live_specific"]),
        ("mlb-etl jobs show schedule_d", ["schedule_daily"]),
        ("mlb-etl transform --method game.live", ["game.liveGameV1"]),
        ("mlb-etl transform --method schedule.schedule:br", ["broadcasts"]),
        ("mlb-etl sql game.live_game_line", ["game.live_game_linescore", "game.live_game_lineups"]),
        ("mlb-etl quarantine list --table person.stats_h", ["person.stats_hitting"]),
        ("mlb-etl views refresh game.pitch_", ["game.pitch_arsenal"]),
        ("mlb-etl status --target postgresq", ["option", "-o", "nospace", "postgresql://"]),
        ("mlb-etl ingest --date y", ["yesterday"]),
        ("mlb-etl quarantine list --state d", ["dropped"]),
        ("mlb-etl sql game.live_game_v1", []),  # a raw table
        ("mlb-etl sql no.such", []),
    ],
)
def test_values_are_offered(line: str, offered: list[str]) -> None:
    assert asked(line) == offered


def test_parameters_of_the_job_are_offered() -> None:
    nospace = ["option", "-o", "nospace"]
    assert asked("mlb-etl ingest --job game_live_date --param ") == [*nospace * 2, "date=", "sport_id="]
    assert asked("mlb-etl ingest --job=game_live_date --param=sp") == [*nospace, "sport_id="]
    assert asked("mlb-etl ingest --job game_live_date --param sport_id=") == []


def test_months_are_those_around_this_one() -> None:
    year = time.gmtime().tm_year
    assert asked(f"mlb-etl schema partitions --from {year}-0") == [f"{year}-0{month}" for month in range(1, 10)]


def test_seasons_are_the_last_ten() -> None:
    year = time.gmtime().tm_year
    last = [str(each) for each in range(year, year - 10, -1)]
    for command in ("export --season ", "verify sums --season ", "backfill --season ", "schema drop-season "):
        assert asked(f"mlb-etl {command}") == last, command
    assert asked(f"mlb-etl export --season {year}") == last[:1]


def test_profiles_are_those_of_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "mlb-etl.toml").write_text("[profile.prod]\nrate = 2\n[profile.day]\nrate = 1\n[profile.night]\n")
    (tmp_path / "other.toml").write_text("[profile.other]\nrate = 2\n")
    assert asked("mlb-etl --profile ", tmp_path) == ["day", "night", "prod"]
    assert asked("mlb-etl --profile p", tmp_path) == ["prod"]
    assert asked("mlb-etl --config other.toml --profile ", tmp_path) == ["other"]
    (tmp_path / "mlb-etl.toml").unlink()
    assert asked("mlb-etl --profile ", tmp_path) == []


def test_places_of_an_export_are_offered(tmp_path: Path) -> None:
    (tmp_path / "out" / "inner").mkdir(parents=True)
    (tmp_path / "out" / "some.duckdb").touch()
    nospace = ["option", "-o", "nospace"]
    assert asked("mlb-etl export --to ", tmp_path) == [*nospace * 4, "parquet:", "csv:", "duckdb:", "sqlite:"]
    assert asked("mlb-etl export --to par", tmp_path) == [*nospace, "parquet:"]
    assert asked("mlb-etl export --to parquet:", tmp_path) == ["out"]
    assert asked("mlb-etl export --to csv:out/", tmp_path) == ["out/inner"]
    assert asked("mlb-etl export --to duckdb:out/", tmp_path) == ["out/inner", "out/some.duckdb"]
    assert asked("mlb-etl export --to csv:no/such/", tmp_path) == []
    assert asked("mlb-etl export --to csv:x --table game.live_game_line") == [
        "game.live_game_linescore",
        "game.live_game_lineups",
    ]
    assert asked("mlb-etl export --to csv:x --view game.pitch_") == ["game.pitch_arsenal"]


def test_games_with_stubs_are_offered(tmp_path: Path) -> None:
    shipped = ["747175"]
    for place in (
        "game/liveGameV1/1000001_20240701T120000Z.json",
        "game/x/getX_gamePk=1000002.json.gz",
        "person/660271.json",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    load = "mlb-etl test load-stub"
    assert asked(f"{load} --stubs {tmp_path} --game-pk ") == ["1000001", "1000002"]
    assert asked(f"{load} --game-pk ", MLB_STUBS=str(tmp_path)) == ["1000001", "1000002"]
    assert asked(f"{load} --game-pk ", tmp_path, MLB_STUBS=str(tmp_path / "none")) == shipped
    assert asked(f"{load} --game-pk ", tmp_path) == shipped


def test_files_and_lakes_are_offered(tmp_path: Path) -> None:
    (tmp_path / "lakes" / "first").mkdir(parents=True)
    (tmp_path / "stub.json").touch()
    assert asked("mlb-etl status --target delta:la", tmp_path) == ["lakes"]
    assert asked("mlb-etl status --target delta:lakes/", tmp_path) == ["lakes/first"]
    assert asked("mlb-etl test load-stub --file st", tmp_path) == ["option", "-o", "default"]  # bash's own
    assert asked("mlb-etl ingest --job ./st", tmp_path) == ["option", "-o", "default"]


def test_games_and_captures_of_the_database_are_offered(database: str, tmp_path: Path) -> None:
    shown = Shown(database)
    for pk in shown.games.pks:
        shown.play(pk, 0.4)
    feed = shown.games.feed(pk, 0.5)
    some(feed["liveData"]["plays"]["allPlays"])[2]["about"]["atBatIndex"] = -5
    shown.laws.arrive(shown.games.edited(pk, feed, 0.5, broken=True))
    shown.laws.run([pk])
    [entry] = shown.laws.entries()
    games = sorted(map(str, shown.games.pks))
    for command in ("live", "ingest", "quarantine list"):
        assert asked(f"mlb-etl {command} --game-pk ", MLB_ETL_DSN=database) == games
    assert asked(f"mlb-etl live --game-pk {games[0]}", MLB_ETL_DSN=database) == games[:1]
    assert asked("mlb-etl quarantine show ", MLB_ETL_DSN=database) == [str(entry.id)]
    (tmp_path / "mlb-etl.toml").write_text(f"dsn = {json.dumps(database)}\n")
    assert asked("mlb-etl live --game-pk ", tmp_path) == games, "the settings file counts"


def test_a_database_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        dsn = make_conninfo(host="127.0.0.1", port=deaf.getsockname()[1], user="x")
        began = time.process_time(), time.monotonic()
        assert asked("mlb-etl live --game-pk ", MLB_ETL_DSN=dsn) == []
        assert time.monotonic() - began[1] < 8, "the driver would wait 10 s"
    assert asked("mlb-etl live --game-pk ", MLB_ETL_DSN="postgresql://127.0.0.1:1/x") == []
    assert asked("mlb-etl live --game-pk ", MLB_ETL_DATA=str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == [], "nothing is created"


@pytest.mark.parametrize("setting", ["MLB_ETL_TABLES", "MLB_ETL_RATE", "MLB_ETL_CONFIG"])
def test_what_is_wrong_is_not_told(setting: str) -> None:
    assert asked("mlb-etl transform --method ga", **{setting: "no such thing"}) == []


def other_shell(shell: str, words: str, incomplete: str) -> str:
    typed = {"COMP_WORDS": words, "COMP_CWORD": incomplete if shell == "fish" else str(len(words.split()) - 1)}
    own = plain_environment() | typed | {"_MLB_ETL_COMPLETE": f"{shell}_complete"}
    done = subprocess.run([BIN / "mlb-etl"], cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(("shell", "between"), [("zsh", ["\n", "\n"]), ("fish", [",", "\t"])])
def test_zsh_and_fish_get_a_line_about_each(shell: str, between: list[str]) -> None:
    line = "List captures that can't be applied, and decide about them"
    first, second = between
    assert other_shell(shell, "mlb-etl quar", "quar") == f"plain{first}quarantine{second}{line}\n"
    assert "game.live_game_linescore" in other_shell(shell, "mlb-etl sql game.live_game_l", "game.live_game_l")
    assert "parquet" in other_shell(shell, "mlb-etl export --to p", "p")
    assert str(time.gmtime().tm_year) in other_shell(shell, "mlb-etl export --season 2", "2")
    assert "747175" in other_shell(shell, "mlb-etl test load-stub --stubs none --game-pk 7", "7")
    script = plain_environment() | {"_MLB_ETL_COMPLETE": f"{shell}_source"}
    done = subprocess.run([BIN / "mlb-etl"], env=script, capture_output=True, text=True, check=True)
    assert f"_MLB_ETL_COMPLETE={shell}_complete" in done.stdout
