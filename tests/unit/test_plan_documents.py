"""Documents before and after an edit: what is rejected keeps its rows, what is absent loses them."""

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from mlb_contracts.errors import Rejected
from mlb_contracts.misfit import Misfit
from mlb_contracts.response import Response
from mlb_etl import registry
from mlbgen.plan.comparing import Comparison, _MethodTally
from mlbgen.plan.extraction import Document, Reading, Side, read

ROWS = Document({"a.b": [(1,), (2,)]}, ())
WHY = Rejected("why", path="$.x", value=1)


def compared(before: Reading, after: Reading) -> tuple[list[int], int, int]:
    """The rows that count before and after, and the documents newly rejected, and no longer."""
    side: Any = SimpleNamespace(methods={}, tables={})
    tally = _MethodTally(examples=1)
    rows: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    Comparison(side, side, {}, 1)._add_documents("file", tally, before, after, rows)
    return [len(each.get("a.b", [])) for each in rows], tally.rejected.total().count, tally.accepted.total().count


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        (Reading({("1",): ROWS}), Reading({("1",): ROWS}), ([2, 2], 0, 0)),
        (Reading({("1",): ROWS}), Reading({("1",): WHY}), ([0, 0], 1, 0)),
        (Reading({("1",): WHY}), Reading({("1",): ROWS}), ([0, 2], 0, 1)),
        (Reading({("1",): WHY}), Reading({("1",): WHY}), ([0, 0], 0, 0)),
        (Reading({("1",): ROWS, ("2",): ROWS}), Reading({("1",): ROWS}), ([4, 2], 0, 0)),  # no longer in the answer
        (Reading({("1",): ROWS}), Reading({("1",): ROWS, ("2",): ROWS}), ([2, 4], 0, 0)),
        (Reading({("1",): ROWS, ("2",): ROWS}), Reading({("1",): ROWS}, WHY), ([2, 2], 1, 0)),  # skipped now
        (Reading({("1",): ROWS, ("2",): ROWS}), Reading({}, WHY), ([0, 0], 2, 0)),  # the whole answer is rejected
        (Reading({}, WHY), Reading({("1",): ROWS, ("2",): ROWS}), ([0, 4], 0, 2)),
        (Reading({}, WHY), Reading({}, WHY), ([0, 0], 0, 0)),
        (Reading({}), Reading({("1",): ROWS}), ([0, 2], 0, 0)),  # a method that is new
        (Reading({("1",): WHY}), Reading({}), ([0, 0], 0, 0)),
    ],
)
def test_documents(before: Reading, after: Reading, result: tuple[list[int], int, int]) -> None:
    assert compared(before, after) == result


def test_unreadable_values_are_counted_on_both_sides() -> None:
    side: Any = SimpleNamespace(methods={}, tables={})
    comparison = Comparison(side, side, {}, 1)
    place = Misfit("a.b", "$.x[*]", "$.x[0]", "'odd'", "Expected int", 2)
    rows: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    readings = Reading({(): Document({}, ())}), Reading({(): Document({}, (place,))})
    comparison._add_documents("file", _MethodTally(examples=1), *readings, rows)
    (found,) = comparison.unreadable()
    assert (found.before, found.after, found.example) == (0, 2, "$.x[0] is 'odd': Expected int")


def response(endpoint: str, method: str, body: Any, path: dict[str, str], query: dict[str, str]) -> Response:
    at = datetime(2024, 7, 2, tzinfo=UTC)
    return Response(endpoint, method, path, query, "", 200, at, json.dumps(body).encode())


def test_items_without_a_key_are_skipped_silently(caplog: pytest.LogCaptureFixture) -> None:
    seasons = {"seasons": [{"seasonId": "2024"}, {"hasWildcard": True}]}
    method = registry.method("mlb_tables", "season.seasons")
    with caplog.at_level(logging.WARNING):
        reading = read(method, response("season", "allSeasons", seasons, {}, {"sportId": "1"}))
    assert not caplog.records
    assert [*reading.documents] == [("1", "2024")]
    assert "skipped an item" in str(reading.otherwise)
    assert reading.of(("1", "2023")) is reading.otherwise


def test_an_answer_that_breaks_a_rule_is_rejected_as_a_whole() -> None:
    method = registry.method("mlb_tables", "season.seasons")
    reading = read(method, response("season", "allSeasons", {"messageNumber": 10}, {}, {"sportId": "1"}))
    assert not reading.documents
    assert "must be seasons" in str(reading.otherwise)


def test_hydrations_fill_their_tables_only_if_they_were_asked_for() -> None:
    side = Side("mlb_tables", frozenset({"person.person", "person.person:education", "person.person:draft"}))
    asked = {"personIds": "1"}
    assert side.names(response("person", "person", {}, {}, asked)) == ["person.person"]
    hydrated = response("person", "person", {}, {}, asked | {"hydrate": "education"})
    assert side.names(hydrated) == ["person.person", "person.person:education"]
    assert side.names(response("game", "liveGameV1", {}, {}, {})) == []
