"""Pages of an answer: which request follows an answer, and what ends them, whatever the answer holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture.capturer import CaptureTarget
from mlb_etl.errors import Rejected
from mlb_etl.http.request import build_request
from mlb_etl.jobs.pages import Pages

METHOD = replace(registry.method("mlb_tables", "team.teams"), query=None, other_forms=())
AT = datetime(2024, 7, 1, tzinfo=UTC)
NUMBER: dict[str, Any] = {"by": "number", "parameter": "page"}
OFFSET: dict[str, Any] = {"by": "offset", "parameter": "offset", "items": "$.issues", "size": 2}
CURSOR: dict[str, Any] = {"by": "cursor", "parameter": "after", "next": "$.meta.next"}


def asked(pages: dict[str, Any], *answers: object, **query: str) -> list[dict[str, str]]:
    """The parameters of the requests that the answers lead to, the first among them."""
    target: CaptureTarget | None = Pages.model_validate(pages).follow(
        METHOD, CaptureTarget(build_request(METHOD, query))
    )
    found = []
    for answer in answers:
        assert target is not None, "there is no page for this answer"
        found.append(dict(target.request.query_params))
        assert target.following is not None
        body = json.dumps(answer).encode()
        target = target.following(Response("team", "teams", {}, {}, "", 200, AT, body))
    return found if target is None else [*found, dict(target.request.query_params)]


@pytest.mark.parametrize(
    ("pages", "answers", "parameters"),
    [
        (NUMBER, ([1, 2], [3], []), [{}, {"page": "2"}, {"page": "3"}]),
        (NUMBER | {"size": 2}, ([1, 2], [3]), [{}, {"page": "2"}]),
        (NUMBER | {"first": 0}, ([1], []), [{}, {"page": "1"}]),
        (OFFSET, ({"issues": [1, 2]}, {"issues": [3, 4]}, {"issues": []}), [{}, {"offset": "2"}, {"offset": "4"}]),
        (CURSOR, ({"meta": {"next": "a b"}}, {"meta": {}}), [{}, {"after": "a b"}]),
        (CURSOR, ({"meta": {"next": 7}}, {"meta": {"next": None}}), [{}, {"after": "7"}]),
        (CURSOR, ({"meta": {"next": "https://o.example/x?y=1&after=z%20z"}}, {"meta": None}), [{}, {"after": "z z"}]),
        (CURSOR, ({"meta": {"next": "?after=z"}}, {"meta": {"next": ""}}, ), [{}, {"after": "z"}]),
    ],
)  # fmt: skip
def test_which_request_follows(
    pages: dict[str, Any], answers: tuple[object, ...], parameters: list[dict[str, str]]
) -> None:
    """A URL says which page is next, but not which server is asked."""
    assert asked(pages, *answers) == parameters


def test_a_page_that_is_asked_for_is_where_it_goes_on_from_and_the_other_parameters_stay() -> None:
    assert asked(NUMBER, [1], [], page="7", state="open") == [
        {"page": "7", "state": "open"},
        {"page": "8", "state": "open"},
    ]


@pytest.mark.parametrize(
    ("pages", "answers", "reason"),
    [
        (NUMBER, ([1], [1]), "page 2 is the same as the one before it: does team.teams know page"),
        (NUMBER | {"most": 2}, ([1], [2]), "there are more pages than 2"),
        (NUMBER, ({"a": 1},), "a list of items is here"),
        (OFFSET, ([1],), "a list of items is here"),
        (CURSOR, ({"meta": {"next": {"a": 1}}},), "a cursor is expected"),
        (CURSOR, ({"meta": {"next": "https://api.example/x?page=2"}},), "a cursor is expected, or a URL with"),
        (CURSOR, ({"meta": {"next": "x" * 3000}},), "a cursor is expected"),
        (CURSOR, ({"meta": {"next": "a\nb"}},), "a cursor is expected"),
    ],
)
def test_what_can_not_be_followed_fails(pages: dict[str, Any], answers: tuple[object, ...], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        asked(pages, *answers)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        st.lists,
    )
)
def test_any_cursor_is_followed_ends_or_is_refused(value: object) -> None:
    try:
        found = asked(CURSOR, {"meta": {"next": value}})
    except Rejected:
        return
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        (NUMBER | {"next": "$.a"}, "next is for cursor, not for number"),
        ({"by": "offset", "parameter": "offset"}, "offset needs size"),
        ({"by": "cursor", "parameter": "after"}, "cursor needs next"),
        (CURSOR | {"size": 3}, "cursor needs next, and has no items, size or first"),
        (NUMBER | {"most": 10**9}, "less than or equal to 100000"),
        (NUMBER | {"items": "$.a[*]"}, "a single place in the response is expected"),
    ],
)
def test_pages_that_do_not_fit_together(pages: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Pages.model_validate(pages)
