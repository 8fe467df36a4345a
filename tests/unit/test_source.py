from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors, Position
from mlbgen.language.source import MappingSource

FILE = "schemas/mappings/x.yaml"
MAPPINGS = Path(__file__).parents[2] / "schemas" / "mappings"


def parse(text: str) -> MappingSource:
    return source.parse(text, FILE)


def errors(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(MappingErrors) as caught:
        parse(text)
    return [(each.position.line, each.position.column, each.code) for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("10", 10),
        ("-0", 0),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("2024-01-01", "2024-01-01"),
        ("no", "no"),
        ("yes", "yes"),
        ("True", "True"),
        ("~", "~"),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        (".5", ".5"),
        ("+1", "+1"),
        (".inf", ".inf"),
        ("=", "="),
        ("'10'", "10"),
        ('"true"', "true"),
        ("'null'", "null"),
    ],
)
def test_only_what_json_knows_is_no_text(written: str, value: object) -> None:
    data = parse(f"key: {written}\n").data

    assert data == {"key": value}
    assert type(data["key"]) is type(value)


def test_keys_are_always_text() -> None:
    assert parse("1: a\nno: b\nnull: c\n").data == {"1": "a", "no": "b", "null": "c"}


def test_positions_of_values_and_of_keys() -> None:
    read = parse('tables:\n  - name: a\n    rows: {play: "$.x"}\n  -   name: b\n')

    assert read.position(("tables", 0, "rows", "play")) == Position(FILE, 3, 18)
    assert read.key_position(("tables", 0, "rows", "play")) == Position(FILE, 3, 12)
    assert read.position(("tables", 1)) == Position(FILE, 4, 7)
    assert read.position(("tables", 1, "columns", 3)) == Position(FILE, 4, 7)
    assert read.position(()) == Position(FILE, 1, 1)
    assert read.line(2) == "  - name: a"


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("$.abc", 10),
        ('"$.abc"', 11),
        ("'$.abc'", 11),
        (r'"\u0024.abc"', 6),
        ("'it''s.abc'", 6),
        (">-\n  $.abc", 6),
    ],
)
def test_an_offset_moves_the_position_as_far_as_the_text_is_as_written(written: str, column: int) -> None:
    assert parse(f"key: {written}\n").position(("key",), 4).column == column


def test_all_that_is_refused_is_reported_at_once() -> None:
    text = """\
a: 1
a: &x 2
b: *x
c: !!python/object/apply:os.system [id]
d: {<<: {e: 1}, ? [f] : 2}
g: 1e999
h: "\\e"
"""

    assert errors(text) == [
        (2, 1, "MG002"),
        (2, 4, "MG003"),
        (3, 4, "MG003"),
        (4, 4, "MG003"),
        (5, 5, "MG003"),
        (5, 19, "MG003"),
        (6, 4, "MG004"),
        (7, 4, "MG004"),
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a: [", [(1, 5, "MG001")]),
        ("a: b: c", [(1, 5, "MG001")]),
        ("\ta: 1", [(1, 1, "MG001")]),
        ("ok: 1\nb: '\x07'", [(2, 5, "MG001")]),
        ("a: 1\n---\nb: 2", [(2, 1, "MG003")]),
        ("[" * 30, [(1, 22, "MG003")]),
        ("[" * 100_000, [(1, 22, "MG003")]),
        (f"a: {'9' * 5000}", [(1, 4, "MG004")]),
        ('a: "\\u202e"', [(1, 4, "MG004")]),
        ('a: "\\0"', [(1, 4, "MG004")]),
        ('a: "\\ud800"', [(1, 4, "MG004")]),
    ],
)
def test_what_can_not_be_read_is_refused_at_its_place(text: str, places: list[tuple[int, int, str]]) -> None:
    assert errors(text) == places


def test_the_first_of_two_keys_is_named() -> None:
    with pytest.raises(MappingErrors, match="the first is in line 1"):
        parse("a: 1\nb: 2\na: 3\n")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_as_yaml_does(line_break: str) -> None:
    with pytest.raises(MappingErrors) as caught:
        parse(f"a: 1{line_break}a: 2{line_break}")

    assert caught.value.diagnostics[0].position.line == 2
    assert caught.value.diagnostics[0].source_line == "a: 2"


def test_the_line_is_shown_without_what_a_terminal_acts_on() -> None:
    with pytest.raises(MappingErrors) as caught:
        parse("a: '\x1b[31m'\n")

    assert caught.value.diagnostics[0].source_line == "a: ' [31m'"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    places: list[Position] = []
    try:
        places.extend(parse(text).values.values())
    except MappingErrors as error:
        places.extend(each.position for each in error.diagnostics)
    lines = sum(map(text.count, "\n\r\x85\u2028\u2029")) + 1

    assert places
    assert all(1 <= place.line <= lines and place.column >= 1 for place in places)


def test_load_names_the_file_relative_to_the_root(tmp_path: Path) -> None:
    path = tmp_path / "schemas" / "x.yaml"
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    read = source.load(path, root=tmp_path)

    assert read.file == "schemas/x.yaml"
    assert read.data == {"a": 1}
    assert read.line(1) == "a: 1"


def test_a_file_that_can_not_be_read_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with pytest.raises(MappingErrors, match=r"x.yaml:1:1: error\[MG001\]: the file can't be read: No such file"):
        source.load(path, root=tmp_path)
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(MappingErrors, match="is not UTF-8"):
        source.load(path, root=tmp_path)


def test_with_lines_adds_the_line_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: 1\nb: 2\n")
    bare = Diagnostic(Position("x.yaml", 2, 1), "MG101", "never there")

    assert source.with_lines([bare], root=tmp_path)[0].source_line == "b: 2"


@pytest.mark.parametrize(
    "text", ["a: [1, 2\n", "a: 'b\n", "\t\n", "a: b: c\n", "a: \x01\n", "a: 1\na: 2\n", "a: !x 1\n", "?"]
)
def test_messages_are_those_of_the_parser_without_libyaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> object:
        try:
            return source.parse(text, "mapping.yaml").data
        except MappingErrors as errors:
            return [each.render() for each in errors.diagnostics]

    there = read()
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read() == there


@pytest.mark.parametrize("file", sorted(MAPPINGS.rglob("*.yaml")), ids=lambda file: file.stem)
def test_libyaml_reads_what_the_parser_of_pyyaml_reads(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = source.load(file, root=MAPPINGS)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert source.load(file, root=MAPPINGS) == there
