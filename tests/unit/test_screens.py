"""Screens at several widths: no line is too long, no word is broken, and a game of `live` is a line."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from rich.console import RenderableType
from rich.text import Text
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlb_etl.baseball.cli import following
from mlb_etl.baseball.feed import Feed
from mlb_etl.baseball.live.plan import CapturedGame, KnownGame, Poll
from mlb_etl.baseball.live.update import Update
from mlb_etl.baseball.schedule import Game
from mlb_etl.cli import report
from mlb_etl.cli.console import Output
from mlb_etl.cli.quarantine import _waiting
from mlb_etl.cli.status import _show
from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import Counts, DocumentCounts, Quarantined, TableCounts
from mlb_etl.stores.interfaces.operations import ChangingDocument, DriftCount, PartitionsAhead
from mlb_etl.stores.interfaces.runs import RecordedRun
from mlb_etl.stores.postgres import status as standing
from mlb_etl.stores.postgres.failures import FailedRequest
from mlb_etl.stores.postgres.quarantine import Entry

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
WIDTHS = [40, 80, 100, 160]
LONG_NAMES = ("Springfield Isotopes of the Valley", "Shelbyville Shelbyvillians")


class TextFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


Draw = Callable[[int, Callable[[], None]], list[str]]


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Draw:
    """What is on a terminal so wide after something was printed."""

    def drawn(columns: int, prints: Callable[[], None]) -> list[str]:
        for name, value in {"TTY_COMPATIBLE": "1", "TERM": "xterm", "COLUMNS": str(columns)}.items():
            monkeypatch.setenv(name, value)
        prints()
        return [line.rstrip() for line in Text.from_ansi(capsys.readouterr().out).plain.splitlines()]

    return drawn


def words(lines: list[str]) -> set[str]:
    return {word.strip(",:") for line in lines for word in line.split()}


def check(lines: list[str], columns: int, whole: list[str], snapshot: SnapshotAssertion) -> None:
    assert max(map(len, lines)) <= columns
    if columns >= 80:
        of_names = {"method", "run"}  # headers of first columns, which records don't have
        assert words(whole) - of_names <= words(lines), "each word is there, unbroken"
    assert "\n".join(lines) + "\n" == snapshot(extension_class=TextFile)


# ---------------------------------------------------------------- live


def update(game_pk: int, state: str, status_code: str = "", *, captured: bool = True) -> Update:
    sides = {side: {"team": {"name": name}} for side, name in zip(("away", "home"), LONG_NAMES, strict=True)}
    status = {"codedGameState": state, "statusCode": status_code}
    game = msgspec.convert({"gamePk": game_pk, "status": status, "teams": sides, "gameDate": NOON.isoformat()}, Game)
    runs = {"home": {"runs": 12}, "away": {"runs": 11}}
    line = {"currentInning": 10, "inningState": "Middle", "teams": runs}
    said = msgspec.convert({"gameData": {"status": status}, "liveData": {"linescore": line}}, Feed)
    known = KnownGame(game, NOON, CapturedGame(NOON, said, NOON) if captured else CapturedGame())
    ask = Poll(NOON + timedelta(seconds=10), "correction")
    return Update(NOON, known, ask, "stored" if captured else "listed", 0.123 if captured else None)


GAMES = [
    update(747001, "I", "IR"),
    update(747002, "S", captured=False),
    update(747003, "P", "PR"),
    update(747004, "F"),
    update(747005, "Q"),
]


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_game_of_live_is_a_line(draw: Draw, columns: int, snapshot: SnapshotAssertion) -> None:
    def board() -> None:
        drawn: list[RenderableType] = []
        console = Output()
        tell = following._Board(console, drawn.append)
        for game in GAMES:
            tell(game)
        console.print(drawn[-1])

    lines = draw(columns, board)
    assert len(lines) == 1 + len(GAMES)
    assert max(map(len, lines)) <= columns
    assert [line[:6] for line in lines[1:]] == ["747001", "747002", "747003", "747004", "747005"]
    assert "\n".join(lines) + "\n" == snapshot(extension_class=TextFile)


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (60, "Aaaaaaaaaa at Bbb"),
        (17, "Aaaaaaaaaa at Bbb"),
        (16, "Aaaaaaaa… at Bbb"),
        (8, "A… at B…"),
    ],
)
def test_names_are_cut_where_there_is_least_to_lose(room: int, shown: str) -> None:
    assert following._shortened("Aaaaaaaaaa at Bbb", room) == shown


# ---------------------------------------------------------------- status


STANDING = standing.DatabaseStatus(
    methods=(
        standing.Standing("game.liveGameV1", 1234567, 98765, 98765, 12, 3, NOON, 0),
        standing.Standing("schedule.schedule", 366, 366, 0, 0, 0, NOON, 2),
    ),
    failures=(
        FailedRequest(
            "schedule.schedule", "/api/v1/schedule?sportId=1&date=2024-07-01", "Unreachable",
            "http://127.0.0.1:8000/api/v1/schedule?sportId=1&date=2024-07-01: no answer within 60 seconds in all",
            3, NOON, NOON,
        ),
    ),
    drift=(DriftCount("game.liveGameV1", 3),),
    partitions=(PartitionsAhead("game.live_game_v1", "month", 2), PartitionsAhead("game.raw", "season", -1)),
    changing=(ChangingDocument("game.liveGameV1", {"game_pk": 747001}, "I", NOON),),
    runs=(
        RecordedRun("a", "live", "game.liveGameV1", "running", NOON, None, {"captures": {"stored": 54321}}),
        RecordedRun("b", "ingest", "game_live_season", "lost", NOON, None),
    ),
)  # fmt: skip


@pytest.mark.parametrize("columns", WIDTHS)
def test_status_breaks_no_word(draw: Draw, columns: int, snapshot: SnapshotAssertion) -> None:
    whole = draw(400, lambda: _show(STANDING, NOON + timedelta(days=2)))
    check(draw(columns, lambda: _show(STANDING, NOON + timedelta(days=2))), columns, whole, snapshot)


# ---------------------------------------------------------------- quarantine


def entry(number: int, reason: str, path: str, game_pk: int = 747175, state: str = "waiting") -> Entry:
    document = {"game_pk": game_pk}
    table = "game.live_game_plays"
    return Entry(number, "game.liveGameV1", document, NOON, state, table, path, "x", reason, NOON)


TYPE = "Expected `int | null`, got `str`"
ENTRIES = [
    *(
        entry(number, TYPE, f"$.liveData.plays.allPlays[{number}].about.atBatIndex", 747000 + number)
        for number in range(1, 4)
    ),
    *(
        entry(number, f"would delete {number} of 80 rows of its document, more than 20 percent", "$")
        for number in (4, 5)
    ),
    entry(6, "another response with the same time was applied", "$"),
]


@pytest.mark.parametrize("columns", WIDTHS)
def test_quarantine_says_each_reason_once(draw: Draw, columns: int, snapshot: SnapshotAssertion) -> None:
    def listed() -> None:
        report.waiting(map(_waiting, ENTRIES))

    lines = draw(columns, listed)
    check(lines, columns, draw(400, listed), snapshot)
    assert " ".join(" ".join(lines).split()).count(TYPE) == 1
    assert sum(line.startswith("quarantined ") for line in lines) == 3


def test_dropped_ones_are_told_apart(draw: Draw) -> None:
    both = [ENTRIES[0], replace(ENTRIES[1], state="dropped")]
    lines = draw(80, lambda: report.waiting(map(_waiting, both)))
    header = next(n for n, line in enumerate(lines) if line.split()[:1] == ["id"])
    assert lines[header].split() == ["id", "document", "captured", "at", "state"]
    assert [line.split()[-1] for line in lines[header + 1 :]] == ["waiting", "dropped"]


# ---------------------------------------------------------------- counts


def waiting(number: int) -> Quarantined:
    return Quarantined(number, '{"game_pk": 747175}', NOON, Rejected(TYPE, path="$.x", value="x", table="a.b"))


COUNTS = Counts(
    DocumentCounts(applied=1200, same=3, quarantined=17),
    {
        "game.live_game_metadata": TableCounts(unchanged=1200),
        "game.live_game_plays": TableCounts(inserted=1234567, unchanged=80, deleted=0),
        "game.live_game_away_batting_order": TableCounts(updated=3),
    },
    tuple(map(waiting, range(1, 18))),
)


@pytest.mark.parametrize("columns", WIDTHS)
def test_counts_show_what_changed_and_what_waits(draw: Draw, columns: int, snapshot: SnapshotAssertion) -> None:
    lines = draw(columns, lambda: report.counts(COUNTS))
    text = "\n".join(lines)
    assert max(map(len, lines)) <= columns
    assert "live_game_metadata" not in text
    assert ("inserted 1,234,567" if columns == 40 else "1,234,567") in text
    assert "quarantined 17: Expected `int | null`, got `str`" in " ".join(text.split())
    assert "and 7 more; `mlb-etl quarantine list` lists all" in " ".join(text.split())
    assert text + "\n" == snapshot(extension_class=TextFile)


def test_nothing_changed(draw: Draw) -> None:
    same = Counts(DocumentCounts(same=2), {"a.b": TableCounts(unchanged=2000)})
    assert draw(80, lambda: report.counts(same)) == [
        "no row changed; 2,000 already match the captures",
        "applied 0, same 2, stale 0, quarantined 0",
    ]


def test_numbers_in_a_pipe_are_digits_only(capsys: pytest.CaptureFixture[str]) -> None:
    report.counts(COUNTS)
    out = capsys.readouterr().out
    assert out.splitlines()[:4] == [
        "table                              inserted  updated  unchanged  deleted",
        "game.live_game_plays                1234567        0         80        0",
        "game.live_game_away_batting_order         0        3          0        0",
        "all tables                          1234567        3       1280        0",
    ]
