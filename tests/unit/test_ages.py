"""`mlb-etl status --max-age`: which data is too old."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from mlb_etl.baseball.in_progress import IN_PROGRESS
from mlb_etl.baseball.states import State
from mlb_etl.cli import ages
from mlb_etl.stores.interfaces.operations import ChangingDocument, DatabaseStatus, Standing

NOW = datetime(2024, 7, 2, 3, tzinfo=UTC)


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def standing(method: str, shown: datetime | None, behind_since: datetime | None = None) -> Standing:
    return Standing(method, 1, 1, 1, 0, 0, shown, 0, shown, behind_since)


def game(seen_at: datetime | None) -> ChangingDocument:
    return ChangingDocument("game.liveGameV1", {"game_pk": 7}, "I", seen_at)


def older(found: DatabaseStatus, *methods: str, only_live: bool = False) -> list[str]:
    return [*ages.older(found, timedelta(minutes=30), NOW, methods=methods, only_live=only_live)]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_an_age(text: str, age: timedelta) -> None:
    assert ages.parse_age(click.Context(click.Command("status")), click.Option(["--max-age"]), text) == age


@pytest.mark.parametrize("text", ["", "30", "0m", "-1h", "1.5h", "1w", "3651d", "999999999d", "٣m", "1h\n"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 30m"):
        ages.parse_age(click.Context(click.Command("status")), click.Option(["--max-age"]), text)


def test_the_newest_data_of_all_methods_counts() -> None:
    found = DatabaseStatus(methods=(standing("a.b", ago(2000)), standing("c.d", ago(29))))
    assert older(found) == []
    assert older(found, "a.b") == ["a.b: the latest response that the tables show is 33 h old"]
    assert older(DatabaseStatus(methods=(standing("a.b", ago(31)), standing("c.d", None)))) == [
        "all methods: the latest response that the tables show is 31 min old"
    ]


def test_what_was_never_captured_is_too_old() -> None:
    found = DatabaseStatus(methods=(standing("a.b", None), standing("c.d", ago(1))))
    assert older(found, "a.b") == ["a.b: the latest response that the tables show is missing"]
    assert older(DatabaseStatus()) == ["all methods: the latest response that the tables show is missing"]


def test_games_in_progress_count_each_by_itself() -> None:
    found = DatabaseStatus(methods=(standing("a.b", ago(1)),), changing=(game(ago(31)), game(ago(1)), game(None)))
    old = "game.liveGameV1: game_pk 7 is in progress, and its latest response is"
    assert older(found) == [f"{old} 31 min old", f"{old} missing"]


def test_without_games_in_progress_nothing_has_to_come() -> None:
    found = DatabaseStatus(methods=(standing("game.liveGameV1", ago(5000)),))
    assert older(found, only_live=True) == []
    assert older(DatabaseStatus(methods=found.methods, changing=(game(ago(31)),)), only_live=True) != []


def test_a_capture_that_nobody_applies_is_too_old() -> None:
    found = DatabaseStatus(methods=(standing("a.b", ago(1), ago(31)), standing("c.d", ago(1), ago(29))))
    waits = ["a.b: a capture 31 min old is not applied yet"]
    assert (older(found), older(found, only_live=True), older(found, "c.d")) == (waits, waits, [])


def test_an_unknown_state_is_in_progress() -> None:
    on = {state.value for state in State} - IN_PROGRESS.settled
    assert on == {"I", "M", "N", "O"}
    assert "?" not in IN_PROGRESS.settled
