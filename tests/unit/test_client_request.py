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


def test_the_order_of_parameters_is_no_part_of_its_meaning() -> None:
    one = build_request(METHOD, {"game_pk": "1", "a": "1", "b": "2"})
    other = build_request(METHOD, {"b": "2", "a": "1", "game_pk": "1"})
    assert one.key == other.key
    assert one.key != build_request(METHOD, {"game_pk": "1", "a": "2", "b": "1"}).key


@pytest.mark.parametrize("value", ["", "..", ".", "1/../2", "1?x=1", "1#", "%2e%2e", "1 2", "é", "1\n"])
def test_a_value_that_would_lead_elsewhere(value: str) -> None:
    with pytest.raises(EtlError, match=r"sample\.game: game_pk can't be "):
        build_request(METHOD, {"game_pk": value})


def test_a_missing_parameter() -> None:
    method = replace(METHOD, url="/api/v1/{season}/{game_pk}")
    with pytest.raises(EtlError, match=r"sample\.game is asked with game_pk, season; season is missing"):
        build_request(method, {"game_pk": "1"})


def test_what_a_response_is_about_has_to_be_asked_for() -> None:
    asked = build_request(SCHEDULE, {"date": "2024-07-02", "sportId": "1", "hydrate": "team"})
    assert asked.target == "/api/v1/schedule?date=2024-07-02&sportId=1&hydrate=team"
    with pytest.raises(EtlError, match=r"schedule\.schedule is asked with sportId; sportId is missing"):
        build_request(SCHEDULE, {"date": "2024-07-02"})
    with pytest.raises(EtlError, match="only a request with date or startDate and endDate says which documents"):
        build_request(SCHEDULE, {"sportId": "1"})
    with pytest.raises(EtlError, match=r"parameter endDate is '2024-07-01': a range of 1 to 10000 days"):
        build_request(SCHEDULE, {"startDate": "2024-07-02", "endDate": "2024-07-01", "sportId": "1"})


def test_nothing_is_asked_for_that_may_be_a_part() -> None:
    with pytest.raises(EtlError, match=r"schedule\.schedule is never asked with teamId, perhaps for a part only"):
        build_request(SCHEDULE, {"date": "2024-07-02", "sportId": "1", "teamId": "147"})


def test_fields_are_never_left_out() -> None:
    with pytest.raises(EtlError, match="never asked with fields"):
        build_request(METHOD, {"game_pk": "1", "fields": "gamePk"})
