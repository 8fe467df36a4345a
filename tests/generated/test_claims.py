"""Units and ranges in mappings are claims about data: all captured samples keep them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from captured_values import PACKAGE, rows
from checks import some

from mlb_etl import registry
from mlbgen.dictionary.facts import ColumnFacts, Dictionary
from mlbgen.project import generate

ROOT = Path(__file__).parents[2]
LIMITS: Mapping[str, tuple[float, float]] = {
    "mph": (20, 125),
    "feet": (-10, 10_000),
    "feet per second": (-200, 200),
    "feet per second squared": (-100, 100),
    "inches": (-100, 100),
    "pounds": (100, 400),
    "seconds": (0.2, 200),
    "minutes": (0, 600),
    "hours": (-12, 14),
    "degrees": (-180, 360),
    "degrees Fahrenheit": (0, 120),
    "revolutions per minute": (0, 5_000),
    "pixels": (0, 300),
    "percent": (0, 100),
    "percentage points": (-100, 100),
    "dollars": (1_000, 20_000_000),
}
"""What a value in a unit can be, in this sport: feet that were inches, or a share that was a percentage, would show."""
NOT_RANGES = ("zone",)  # 1 to 9 in the strike zone, 11 to 14 outside of it
BEYOND: Mapping[str, str] = {
    "game.live_game_pitch_events.hit_y": "seldom beyond",
    "game.live_game_season_pitching.obp": "often above 1",
}
"""Columns with captured values outside of the range that their description names, and how it says so."""
_RANGE = re.compile(r"(?<![\w.])(-?\d+) to (\d+)\b")


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    inputs = generate.read_project(ROOT)
    return generate.dictionary(inputs, generate.read_views(ROOT, inputs), {})


def columns(dictionary: Dictionary) -> Iterator[tuple[str, ColumnFacts]]:
    return ((f"{table.name}.{column.name}", column) for table in dictionary.tables for column in table.columns)


def numbers(stubs: Path) -> dict[str, tuple[float, float]]:
    """The smallest and the largest captured value of each column of numbers."""
    found: dict[str, tuple[float, float]] = {}
    for method in registry.methods(PACKAGE):
        for table, its in rows(method, stubs).items():
            for name, values in its.items():
                plain = [
                    float(each)
                    for each in values
                    if each is not None and not isinstance(each, bool | str) and hasattr(each, "__float__")
                ]
                if plain:
                    found[f"{table}.{name}"] = min(plain), max(plain)
    return found


def test_captured_values_are_what_their_unit_allows(dictionary: Dictionary, stubs_dir: Path) -> None:
    captured = numbers(stubs_dir)
    with_unit = {name: column.unit for name, column in columns(dictionary) if column.unit is not None}
    assert {*with_unit.values()} == {*LIMITS}
    seen = set()
    for name, unit in some(with_unit.items()):
        if name in captured:
            low, high = LIMITS[unit]
            least, most = captured[name]
            assert low <= least <= most <= high, f"{name} in {unit}: {least} to {most}"
            seen.add(unit)
    assert seen == {*LIMITS}


def test_captured_values_are_in_the_range_that_a_description_names(dictionary: Dictionary, stubs_dir: Path) -> None:
    captured = numbers(stubs_dir)
    beyond = set()
    for name, column in some(columns(dictionary)):
        found = _RANGE.search(column.description)
        if found and name in captured and column.name not in NOT_RANGES:
            low, high = map(float, found.groups())
            if not low <= captured[name][0] <= captured[name][1] <= high:
                beyond.add(name)
                assert BEYOND.get(name, "not said") in column.description, f"{name}: {captured[name]}"
    assert beyond == {*BEYOND}


def test_a_description_names_the_unit_of_its_column(dictionary: Dictionary) -> None:
    """And a column of numbers whose description names a unit has it; a probability is in percent, which none says."""
    for name, column in some(columns(dictionary)):
        if column.unit == "percent":
            assert "robability" in column.description, name
            assert "0 to 100" in column.description, name
        elif column.unit is not None:
            assert column.unit in column.description.lower().replace("fahrenheit", "Fahrenheit"), name
        elif column.type not in {"text", "boolean", "date", "timestamptz", "uuid"}:
            words = set(re.findall(r"\w+", column.description.lower()))
            assert not words & {"mph", "feet", "inches", "pounds", "dollars", "degrees", "pixels"}, name
