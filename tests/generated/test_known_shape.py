"""The known shape on real responses: all samples are known, and knowing them changes no row."""

from dataclasses import replace
from pathlib import Path

import pytest
from commands import sample_files
from feeds import METHOD, PACKAGE, capture, files

from mlb_contracts import Capture, Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.baseball.plugin import SHIPPED
from mlb_etl.capture import stub_files
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import Answer
from mlb_etl.extract.extract import Extract

METHODS = [name for name in registry.methods(PACKAGE) if registry.method(PACKAGE, name).hydration is None]


def extracts(method: Method, response: Response) -> list[Extract]:
    """What is extracted of each document that the response holds; nothing of a response that is refused."""
    try:
        answer = Answer(method, Capture(response.as_of, response.parameters), response.data)
        if method.items is None:
            return [answer.extract({}, None)]
        return [answer.extract(each.keys, each.places) for each in answer.documents()]
    except Rejected:
        return []


@pytest.mark.parametrize("name", METHODS)
def test_no_sample_drifts_and_rows_do_not_depend_on_it(name: str, stubs_dir: Path) -> None:
    method = registry.method(PACKAGE, name)
    responses = [stub_files.parse_stub(stub_files.read_file(file)) for file in sample_files(stubs_dir, name)]
    compared = 0
    for response in responses:
        if response is not None:
            known, unknown = extracts(method, response), extracts(replace(method, known=None), response)
            assert [each.drift for each in known] == [()] * len(known)
            assert known == unknown
            compared += len(known)
    assert compared


def test_the_feed_that_ships_is_known() -> None:
    [file] = files(SHIPPED, 747175)
    assert [each.drift for each in extracts(METHOD, capture(file))] == [()]
