from dataclasses import replace

import pytest
from sample_tables.game import METHOD
from schedules import METHOD as SCHEDULE

from mlb_etl.errors import EtlError
from mlb_etl.http.request import build_request


def test_parameters_go_where_the_template_says() -> None:
    request = build_request(METHOD, {"game_pk": "747175", "timecode": "20240713_041909", "note": "a b&c=d/é"})
    assert request.path == "/api/v1/sample/747175"
    assert request.target == "/api/v1/sample/747175?timecode=20240713_041909&note=a+b%26c%3Dd%2F%C3%A9"
    assert request.path_params == {"game_pk": "747175"}
    assert request.query_params == {"timecode": "20240713_041909", "note": "a b&c=d/é"}


def test_the_order_of_parameters_does_not_matter() -> None:
    one = build_request(METHOD, {"game_pk": "1", "a": "1", "b": "2"})
    other = build_request(METHOD, {"b": "2", "a": "1", "game_pk": "1"})
    assert one.key == other.key
    assert one.key != build_request(METHOD, {"game_pk": "1", "a": "2", "b": "1"}).key


@pytest.mark.parametrize("value", ["", "..", ".", "1/../2", "1?x=1", "1#", "%2e%2e", "1 2", "é", "1\n"])
def test_a_parameter_cannot_change_the_path(value: str) -> None:
    with pytest.raises(EtlError, match=r"sample\.game: game_pk can't be "):
        build_request(METHOD, {"game_pk": value})


def test_a_missing_parameter() -> None:
    method = replace(METHOD, url="/api/v1/{season}/{game_pk}")
    with pytest.raises(EtlError, match=r"sample\.game needs the parameters game_pk, season; season is missing"):
        build_request(method, {"game_pk": "1"})


def test_parameters_that_are_part_of_the_key_are_required() -> None:
    asked = build_request(SCHEDULE, {"date": "2024-07-02", "sportId": "1", "hydrate": "team"})
    assert asked.target == "/api/v1/schedule?date=2024-07-02&sportId=1&hydrate=team"
    with pytest.raises(EtlError, match=r"schedule\.schedule needs the parameters sportId; sportId is missing"):
        build_request(SCHEDULE, {"date": "2024-07-02"})
    with pytest.raises(EtlError, match="only a request with date or startDate and endDate determines which"):
        build_request(SCHEDULE, {"sportId": "1"})
    with pytest.raises(EtlError, match=r"parameter endDate is '2024-07-01': a range of 1 to 10000 days"):
        build_request(SCHEDULE, {"startDate": "2024-07-02", "endDate": "2024-07-01", "sportId": "1"})


def test_parameters_that_may_limit_the_answer_are_refused() -> None:
    with pytest.raises(EtlError, match=r"schedule\.schedule takes no parameter teamId, since its answer may be"):
        build_request(SCHEDULE, {"date": "2024-07-02", "sportId": "1", "teamId": "147"})


def test_the_fields_parameter_is_refused() -> None:
    with pytest.raises(EtlError, match="never requested with fields"):
        build_request(METHOD, {"game_pk": "1", "fields": "gamePk"})
