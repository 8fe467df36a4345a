"""What a request means that lacks a parameter, although it is a key of the document."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlb_contracts.assumed import Assumed, DayOfCapture, Value, YearOf, YearOfCapture, complete
from mlbgen import ir
from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.lower import lower
from mlbgen.samples import shape_file

ROOT = Path(__file__).parents[2]
MAPPING = (ROOT / "schemas/mappings/team/roster.yaml").read_text()
SHAPE = shape_file.load_shape(ROOT / "schemas/api/team/roster.json")
ROSTER: dict[str, Assumed] = {"date": DayOfCapture("America/New_York"), "season": YearOf("date")}


def lowered(old: str = "", new: str = "") -> ir.Method:
    assert old in MAPPING
    return lower(source.parse(MAPPING.replace(old, new), "mapping.yaml"), SHAPE)


def refused(old: str, new: str) -> Diagnostic:
    with pytest.raises(MappingErrors) as caught:
        lowered(old, new)
    return caught.value.diagnostics[0]


def test_what_is_assumed() -> None:
    assert lowered().assumed == tuple(ROSTER.items())


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("America/New_York}", "America/Newyork}", "MG083", '"America/Newyork" is not a time zone'),
        ("{year_of: date}", "{year_of_capture: Rome}", "MG083", '"Rome" is not a time zone'),
        ("{year_of: date}", "{year_of: day}", "MG083", 'no parameter "day" is assumed before this one'),
        (
            "    season: {year_of: date}",
            "    hydrate: {year_of: date}",
            "MG083",
            'the parameter "hydrate" is not a key',
        ),
    ],
)
def test_what_can_not_be_assumed(old: str, new: str, code: str, message: str) -> None:
    found = refused(old, new)
    assert (found.code, message in found.message) == (code, True), found


@pytest.mark.parametrize(
    ("parameters", "date", "season"),
    [
        ({}, "2023-12-31", "2023"),
        ({"season": "2022"}, "2023-12-31", "2022"),
        ({"date": "2019-05-05"}, "2019-05-05", "2019"),
        ({"date": "2019-05-05", "season": "2020"}, "2019-05-05", "2020"),
    ],
)
def test_the_day_is_that_of_the_time_zone(parameters: dict[str, str], date: str, season: str) -> None:
    midnight = datetime(2024, 1, 1, 4, 59, tzinfo=UTC)
    assert complete(ROSTER, parameters, midnight) == {"date": date, "season": season}


def test_a_value_and_the_year_of_the_capture_are_assumed() -> None:
    assert lowered("{year_of: date}", '{value: ""}').assumed == (("date", ROSTER["date"]), ("season", Value("")))
    zone = "America/New_York"
    year = dict(lowered("{year_of: date}", f"{{year_of_capture: {zone}}}").assumed)["season"]
    assert year == YearOfCapture(zone)
    midnight = datetime(2024, 1, 1, 4, 59, tzinfo=UTC)
    assert complete({"season": year, "type": Value("R")}, {}, midnight) == {"season": "2023", "type": "R"}


@pytest.mark.parametrize(("given", "found"), [({"codes": "vr, vl,vr"}, "vl,vr"), ({"codes": ""}, ""), ({}, "")])
def test_lists_without_an_order_are_sorted(given: dict[str, str], found: str) -> None:
    assert complete({"codes": Value("")}, given, datetime(2024, 7, 1, tzinfo=UTC), ["codes"]) == {"codes": found}
