"""The extractors of schedule.schedule on real answers, beside a reading of these by hand."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from schedules import METHOD, captured, days, games

from mlb_contracts import Capture
from mlb_contracts.response import Response
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import Answer

TOTALS = ("totalItems", "totalEvents", "totalGames", "totalGamesInProgress")


def rows(response: Response, **parameters: str) -> list[list[dict[str, Any]]]:
    """Of both tables, the columns by name; parameters of the request can be replaced."""
    capture = Capture(response.captured_at, response.parameters | parameters)
    answer = Answer(METHOD, capture, response.data)
    documents = [answer.extract(each.keys, each.places).rows for each in answer.documents()]
    made = [[row for document in documents for row in document[place]] for place in range(len(METHOD.tables))]
    names = [[column.name for column in table.columns] for table in METHOD.tables]
    return [[dict(zip(of, row, strict=True)) for row in some] for of, some in zip(names, made, strict=True)]


def test_rows_of_days(stubs_dir: Path) -> None:
    numbers, states = [], set()
    for response in days(stubs_dir):
        day, answer = date.fromisoformat(response.query_params["date"]), json.loads(response.data)
        captured = {"captured_at": response.captured_at}
        dates, listed = rows(response)
        assert [tuple(row.values()) for row in dates] == [
            (day, 1, *(answer.get(total) for total in TOTALS), response.captured_at)
        ]
        assert {row["game_pk"]: row for row in listed} == {
            game_pk: row | captured for game_pk, row in games(answer, day).items()
        }
        numbers.append(len(listed))
        states |= {row["coded_game_state"] for row in listed}
    assert {0, 1, 2, 15} <= set(numbers)
    assert sum(numbers) > 200
    assert states >= {"C", "D", "F", "I", "S"}


def test_requests_of_other_forms_are_refused(stubs_dir: Path) -> None:
    refused = set()
    for response in captured(stubs_dir):
        try:
            rows(response)
        except Rejected as why:
            refused.add((*sorted(response.query_params), why.path))
    assert refused >= {
        ("sportId", "parameter date"),
        ("season", "sportId", "teamId", "parameter season"),
        ("gamePk", "hydrate", "sportId", "parameter gamePk"),
        ("date", "gameType", "sportId", "parameter gameType"),
        ("date", "sportId", "teamId", "parameter teamId"),
        ("date", "hydrate", "sportId", "parameter sportId"),  # several sports
    }


@pytest.mark.parametrize(
    ("parameters", "where", "reason"),
    [
        ({"date": "2026-04-20"}, "$.dates[0]", "this document was not asked for"),
        ({"date": "04/19/2026"}, "parameter date", "a date is expected"),
        ({"sportId": "1,11"}, "parameter sportId", "an integer is expected"),
    ],
)
def test_answers_to_another_question(stubs_dir: Path, parameters: dict[str, str], where: str, reason: str) -> None:
    day = next(each for each in days(stubs_dir) if each.query_params["date"] == "2026-04-19")
    with pytest.raises(Rejected, match=reason) as refused:
        rows(day, **parameters)
    assert refused.value.path == where
