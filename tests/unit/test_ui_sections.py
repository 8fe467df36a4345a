"""What sections show of what is found, and that no text from outside is anything but text."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import htpy as h
import msgspec
import pytest
from htpy import Node
from hypothesis import given
from hypothesis import strategies as st

from mlb_etl.stores.interfaces.operations import (
    DriftedPath,
    Entry,
    FailedRequest,
    PartitionsAhead,
    Standing,
    UnreadablePath,
)
from mlb_etl.stores.interfaces.runs import RecordedRun
from mlb_etl.stores.interfaces.viewing import Freshness
from mlb_etl.ui import drift, html, pipeline, quarantine

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)


class Parsed(HTMLParser):
    """The elements and the text of HTML, as a browser sees them."""

    def __init__(self, of: Node) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(str(h.fragment[of]))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def run(state: Any) -> RecordedRun:
    counts = {"captures": {"stored": 1000, "unchanged": 234}, "documents": {"applied": 7}}
    return RecordedRun("r", "ingest", "a_job", state, NOON, None, counts)


def failure(method: str, error: str, target: str) -> FailedRequest:
    return FailedRequest(method, target, error, "no answer", 2, NOON, NOON)


def test_runs_are_told_with_what_they_counted() -> None:
    assert "ingest a_job running 2024-07-01 12:00:00" in Parsed(pipeline.runs([run("running")])).words
    assert "1,234 7" in Parsed(pipeline.runs([run("lost")])).words
    assert "badge bad" in str(h.fragment[pipeline.runs([run("lost")])])


def test_failures_are_grouped_by_cause() -> None:
    found = [failure("a.b", "Unreachable", f"/x/{n}") for n in range(3)] + [failure("a.b", "NotFound", "/y")]
    words = Parsed(pipeline.failures(found)).words
    assert "a. b Unreachable 3" in words
    assert "/x/0" in words
    assert "/x/1" not in words
    assert "a. b NotFound 1" in words


def test_methods_without_captures_are_only_counted() -> None:
    used = Standing("a.b", 10, 5, 4, 1, 2, NOON, 1, NOON, NOON)
    words = Parsed(pipeline.standings([used, Standing("c.d", 0, 0, 0, 0, 0, None, 0)])).words
    assert "a. b 10 5 1 2024-07-01 12:00:00 2" in words
    assert "ahead of the database's clock: a.b" in words
    assert "1 more methods have no captures." in words
    assert "c. d" not in words


def test_tables_are_told_by_name() -> None:
    found = [Freshness("b.b", NOON, NOON), Freshness("a.a", NOON, NOON), Freshness("c.c", None, None)]
    words = Parsed(pipeline.freshness(found, hidden=2)).words
    assert words.index("a. a") < words.index("b. b")
    assert "1 more tables have no rows." in words
    assert "2 tables are missing, or the role may not read them." in words
    assert "No table has rows yet." in Parsed(pipeline.freshness(found[2:])).words
    assert "3 more tables are not read here" in Parsed(pipeline.freshness(found, unread=3)).words


def test_tables_are_read_for_some_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 2))  # each reading takes two seconds
    monkeypatch.setattr(pipeline.time, "monotonic", lambda: float(next(clock)))
    viewer: Any = SimpleNamespace(
        access=lambda names: dict.fromkeys(names, "readable"), newest=lambda name: Freshness(name, NOON, NOON)
    )
    tables = [SimpleNamespace(qualified_name=f"a.t{number}") for number in range(9)]
    methods: Any = [SimpleNamespace(tables=tables)]
    words = Parsed(pipeline._tables(methods, viewer)).words
    assert "a. t1" in words
    assert "a. t2" not in words
    assert "7 more tables are not read here" in words


@pytest.mark.parametrize(("ahead", "shown"), [(-1, "current missing"), (0, "0"), (12, "12")])
def test_the_fewest_partitions_are_told(ahead: int, shown: str) -> None:
    found = [PartitionsAhead("a.a", "month", 20), PartitionsAhead("b.b", "month", ahead)]
    assert f"By month {shown} 2 b. b" in Parsed(pipeline.partitions(found)).words


TEXTS = st.text(max_size=40) | st.sampled_from(
    ["<script>x</script>", "'\" onerror=x", "</code><b>", "<!--", "&lt;", "]]>"]
)


def entry(text: str) -> Entry:
    return Entry(1, text, {text: text}, NOON, "waiting", text, text, text, text, NOON)


@given(TEXTS)
def test_no_text_from_outside_is_more_than_text(text: str) -> None:
    def shown(of: str) -> list[Node]:
        drifted = DriftedPath(of, of, of, of, NOON, NOON, 1, {of: of}, of, b"")
        return [
            pipeline.runs([RecordedRun(of, of, of, "done", NOON, NOON)]),
            pipeline.failures([failure(of, of, of)]),
            quarantine.listed([entry(of)]),
            quarantine.why(entry(of)),
            quarantine.place(msgspec.json.encode({of: of}), "$"),
            drift.paths([drifted]),
            drift.values([UnreadablePath(of, of, of, 1, 1, {of: of}, of, of, of)]),
            html.code(of),
        ]

    hostile, plain = Parsed(shown(text)), Parsed(shown("plain"))
    assert hostile.elements <= plain.elements | {"wbr"}
    assert hostile.attributes == plain.attributes
