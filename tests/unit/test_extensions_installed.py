"""What installed packages register is loaded by name, and told where it can't be used."""

import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from mlb_contracts import conventions, convert, extensions, sql_types
from mlb_contracts.errors import EtlError, Rejected
from mlb_contracts.extensions import Converter, converter

PAGE = Path(__file__).parents[2] / "docs" / "extensions.md"
MODULE = """\
from decimal import Decimal
from mlb_contracts.extensions import Check, Converter, check, converter
good = converter(fills=["text"], version=3)(lambda text: text)
two = converter(fills=["text"])(lambda one, two: one)
nothing = converter(fills=[])(lambda text: text)
unknown = converter(fills=["varchar"])(lambda text: text)
old = converter(fills=["text"], version=0)(lambda text: text)
true = converter(fills=["text"], version=True)(lambda text: text)
plain = len
fails = check(lambda column: {}[column])
number = check(lambda column: 1)
"""
NAMES = ("good", "two", "nothing", "unknown", "old", "true", "plain", "smallint")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages, of which one is installed."""
    caches = (extensions.names, extensions.installed_converter, extensions.installed_check, convert.own)
    points = "".join(f"{name} = unit_extras:{'good' if name == 'smallint' else name}\n" for name in NAMES)
    checks = "fails = unit_extras:fails\nnumber = unit_extras:number\nplain = unit_extras:plain\n"
    install(tmp_path, "unit_extras", f"[mlb_etl.converters]\n{points}gone = unit_extras:gone\nbroken = unit_broken:x\n"
            f"[mlb_etl.checks]\n{checks}")  # fmt: skip
    (tmp_path / "unit_extras.py").write_text(MODULE)
    (tmp_path / "unit_broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    sys.modules.pop("unit_extras", None)
    for cache in caches:
        cache.cache_clear()


def install(site: Path, name: str, points: str) -> None:
    metadata = site / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(points)


def test_names_are_listed_without_loading_them(site: Path) -> None:
    assert site
    names = sql_types.converter_names()
    assert names[: len(sql_types.CONVERTERS)] == tuple(sorted(sql_types.CONVERTERS))
    assert {*names} >= {"good", "gone", "broken"}
    assert "smallint" not in names  # the name of one of ours
    assert "unit_extras" not in sys.modules


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("two", "the converter two can't be called with one text"),
        ("nothing", r"the converter nothing fills no column: name SQL types, such as fills=\['integer'\]"),
        ("unknown", "the converter unknown fills varchar, which is no type: smallint, "),
        ("old", "the converter old has the version 0: 1 or a later one is expected"),
        ("true", "the converter true has the version True: "),
        ("plain", r"the converter plain is not one: decorate it with @converter\(fills=\[\.\.\.\]\)"),
        ("gone", "the converter gone, unit_extras:gone, can't be imported: AttributeError: "),
        ("broken", "the converter broken, unit_broken:x, can't be imported: ZeroDivisionError: "),
        ("absent", "the converter 'absent' is not installed: install the package that registers it under mlb_etl"),
        ("os:system", "the converter 'os:system' is not installed: "),
    ],
)
def test_unusable_converters_are_told(site: Path, name: str, why: str) -> None:
    assert site
    with pytest.raises(EtlError, match=f"^{why}"):
        sql_types.converted_types(name)


def test_unusable_checks_are_told(site: Path) -> None:
    assert site
    for name, why in {
        "fails": "the check fails failed: KeyError: ",
        "number": "the check number returned 1: an SQL condition is expected",
        "plain": "the check plain is not one: decorate it with @check",
        "absent": "the check 'absent' is not installed: ",
    }.items():
        with pytest.raises(EtlError, match=f"^{why}"):
            extensions.condition(name, ['"a"'])


def test_two_packages_with_one_name(site: Path) -> None:
    install(site, "other_extras", "[mlb_etl.converters]\ngood = unit_broken:good\n")
    with pytest.raises(
        EtlError, match="there are two converters good, unit_broken:good and unit_extras:good: uninstall"
    ):
        sql_types.converted_types("good")


def test_the_mark_of_a_converter_tells_its_version_and_its_text() -> None:
    def one(text: str) -> str:
        return text

    def two(text: str) -> str:
        return text + ""

    marks = [Converter(read, ["text"], version).mark for read in (one, two) for version in (1, 2)]
    assert len({*marks}) == 4
    assert Converter(one, ["text"], 1).mark == marks[0]
    assert Converter(str, ["text"], 7).mark == Converter(len, ["text"], 7).mark  # compiled, they have no text


@pytest.mark.parametrize(
    ("value", "column", "why"),
    [
        (True, "integer", "returned a bool: int is expected"),
        (1.0, "integer", "returned a float: int is expected"),
        (1 << 15, "smallint", "returned a number that does not fit 2 bytes"),
        (float("nan"), "double precision", "returned nan: a finite number is expected"),
        (datetime(2024, 7, 1), "timestamptz", "returned a time without its zone"),  # noqa: DTZ001 - that is the mistake
        (datetime(2024, 7, 1), "date", "returned a datetime: date is expected"),  # noqa: DTZ001 - as above
        ("a\0b", "text", "returned what can't be stored: "),
        (None, "text", "returned a NoneType: str is expected"),
    ],
)
def test_what_a_column_cannot_hold_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, value: object, column: str, why: str
) -> None:
    made = converter(fills=[column])(lambda _: value)
    monkeypatch.setattr(extensions, "installed_converter", lambda _: made)
    convert.own.cache_clear()
    noted: list[str] = []
    assert convert.own("mine", column)("x", "$.a", lambda *about: noted.append(str(about[2]))) is None
    assert noted[0].startswith(f"the converter mine {why}")
    with pytest.raises(Rejected, match="the converter mine "):
        convert.own("mine", column)("x", "$.a")
    convert.own.cache_clear()


def test_good_values_pass_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with ours, the same text is read once."""
    read: list[str] = []
    made = converter(fills=["text"])(lambda text: read.append(text) or text.upper())
    monkeypatch.setattr(extensions, "installed_converter", lambda _: made)
    convert.own.cache_clear()
    own = convert.own("mine", "text")
    assert [own(text, "$") for text in ("a", "a", None)] == ["A", "A", None]
    assert read == ["a"]
    convert.own.cache_clear()


def test_the_page_shows_what_works(site: Path) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    toml, python, yaml_ = (
        "\n".join(text for kind, text in blocks if kind == each) for each in ("toml", "python", "yaml")
    )
    groups = tomllib.loads(toml)["project"]["entry-points"].items()
    points = [line for group, of in groups for line in (f"[{group}]", *(f"{name} = {of[name]}" for name in of))]
    install(site, "road_extras", "\n".join(points))
    (site / "road_extras.py").write_text(python)
    table = yaml.safe_load(yaml_)
    (column,), (checked,) = table["columns"], table["checks"]
    assert convert.own(column["convert"], column["type"])("3 mi", "$") == 4828
    with pytest.raises(Rejected, match="a number of miles is expected, such as 3 mi"):
        convert.own(column["convert"], column["type"])("3 km", "$")
    assert extensions.condition(checked["use"], ['"meters"']) == '"meters" BETWEEN 0 AND 40075000'
    api = extensions.load(conventions.GROUP, "road")
    assert isinstance(api, conventions.Conventions)
    assert [*api.hydrations("legs,towns")] == ["legs", "towns"]
    sys.modules.pop("road_extras")
