"""The fingerprint changes with what decides the rows, and with nothing else."""

import re

import pytest
from lowering import DEFAULTS, GAMES, HEAD, method

PLAYS = """\
  - name: league.plays
    description: One row for each plate appearance.
    rows: {play: "$.plays[?@.about.inning > 0]"}
    primary_key: [game_pk, at_bat_index]
    checks: [{name: rbi, expression: rbi >= 0, severity: warn}]
    columns:
      - {name: at_bat_index, type: smallint, path: play.about.atBatIndex, nullable: false, description: Its number.}
      - {name: rbi, type: smallint, path: play.result.rbi, description: Runs batted in.}
      - {name: result, type: text, path: play.result.eventType, null_if: [none], description: Result.}
"""
HEAD_WITH_RULE = f"{HEAD}  accept: [{{rule: has plays, path: $.plays, present: true}}]\n"


def fingerprint(change: tuple[str, str] = ("", "")) -> str:
    old, new = change
    text = f"{HEAD_WITH_RULE}\0{DEFAULTS}\0{GAMES}{PLAYS}"
    assert old in text
    head, defaults, tables = text.replace(old, new, 1).split("\0") if old else text.split("\0")
    return method(tables, head=head, defaults=defaults).fingerprint


def test_a_fingerprint_is_a_stable_sha_256_in_hex() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint())
    assert fingerprint() == fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        ("Runs batted in.", "RBI."),
        ("One row for each plate appearance.", "Plays."),
        ("version: 1\n", "version: 1\n\n# a comment\n"),
        ("rule: has plays", "rule: there are plays"),
        ("to: 2026", "to: 2036"),
        ("[{columns: [captured_at]}]", "[]"),
        ("  raw_table", "  shrink_guard: {share: 0.5}\n  raw_table"),
        ("path: play.result.rbi", "path: \"play['result'].rbi\""),
    ],
)
def test_a_change_that_affects_no_row_keeps_the_fingerprint(change: tuple[str, str]) -> None:
    assert fingerprint(change) == fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        ("name: rbi, type: smallint", "name: rbi, type: integer"),
        ("name: result", "name: outcome"),
        ("  raw_table", "  query: [timecode]\n  raw_table"),
        ("play.result.rbi", "play.about.inning"),
        ("inning > 0", "inning >= 0"),
        ("null_if: [none]", "null_if: [nothing]"),
        ("null_if: [none]", "default: none"),
        ("rbi >= 0", "rbi > 0"),
        ("severity: warn", "severity: error"),
        ("path: $.plays, present: true", "path: $.plays, type: array"),
        ("primary_key: [game_pk, at_bat_index]", "primary_key: [at_bat_index, game_pk]"),
        ("primary_key: [game_pk, at_bat_index]", "duplicates: last\n    primary_key: [game_pk, at_bat_index]"),
        ("league.plays", "league.at_bats"),
        ("column: season, kind: list, from: 2024, to: 2026", "column: captured_at, kind: month"),
    ],
)
def test_a_change_that_affects_rows_changes_the_fingerprint(change: tuple[str, str]) -> None:
    assert fingerprint(change) != fingerprint()
