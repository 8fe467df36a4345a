"""The tables that docs/mapping.md shows, made of captured feeds: as a walk over the feed itself makes them."""

import importlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from checks import some
from feeds import Feed, capture

from mlb_contracts import Capture, Method
from mlb_etl.capture import stub_files
from mlb_etl.errors import Rejected
from mlb_etl.extract.extract import extract
from mlbgen import ir, lower
from mlbgen.language import source
from mlbgen.python import document, facts, known, method, table, tree
from mlbgen.samples import coverage, sample, shape_file
from mlbgen.samples.shape import Shape
from mlbgen.samples.stubs import Stub

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mapping.md"
HEAD = """\
version: 1
source:
  endpoint: game
  method: liveGameV1
  url: /api/v1.1/game/{game_pk}/feed/live
  raw_table: game.live_game_v1
  document:
    game_pk: {type: bigint, path: $.gamePk}
defaults:
  columns:
    - {name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: The game.}
"""
SIDES = ("away", "home")
CAPTURED_AT = datetime(2024, 7, 14, 4, 19, 9, tzinfo=UTC)
Rows = list[tuple[Any, ...]]


def examples() -> str:
    """The tables of the page's examples of levels and of origins."""
    found = []
    for title in ("What a table has rows of", "Rows from several places"):
        section = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        (block,) = re.findall(r"^```yaml\ntables:\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
        found.append(block)
    return "tables:\n" + "".join(found)


@pytest.fixture(scope="module")
def shape() -> Shape:
    return shape_file.load_shape(ROOT / "schemas" / "api" / "game" / "live_game_v1.json")


@pytest.fixture(scope="module")
def mapping(shape: Shape) -> ir.Method:
    return lower.lower(source.parse(HEAD + examples(), "page.yaml"), shape)


@pytest.fixture(scope="module")
def made(mapping: ir.Method, shape: Shape, tmp_path_factory: pytest.TempPathFactory) -> Method:
    """The method that is generated from the page's mapping."""
    folder = tmp_path_factory.mktemp("levels") / "of_the_page"
    read = tree.tree(mapping, shape)
    texts = {
        "__init__": "",
        "document": document.render_document(mapping, read),
        "known": known.render_known(mapping, shape),
        "method": method.render_method(mapping, read),
    }
    for name, each in zip(facts.modules(mapping), mapping.tables, strict=True):
        texts[name] = table.render_table(mapping, each, read)
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder.parent)
        found: Method = importlib.import_module("of_the_page.method").METHOD
    return found


@pytest.fixture(scope="module")
def feeds(stubs_dir: Path) -> list[tuple[str, Feed]]:
    files = some(stub_files.find_stubs(stubs_dir / "game" / "liveGameV1"))
    return [(file.name, msgspec.json.decode(capture(file).data)) for file in files]


def rows(method: Method, feed: Feed, name: str) -> Rows:
    """The table's rows, without captured_at."""
    read = extract(method, Capture(CAPTURED_AT, {"game_pk": str(feed["gamePk"])}), msgspec.json.encode(feed))
    assert not read.unreadable
    place = [each.name for each in method.tables].index(name)
    return [tuple(row[:-1]) for row in read.rows[place]]


def batting_lines(feed: Feed) -> Iterator[tuple[Any, ...]]:
    for side in SIDES:
        team = feed["liveData"]["boxscore"]["teams"][side]
        for player in team["players"].values():
            line = player.get("stats", {}).get("batting", {})
            if "plateAppearances" in line:
                yield feed["gamePk"], player["person"]["id"], side, team.get("team", {}).get("id"), line.get("hits")


def lineups(feed: Feed) -> Iterator[tuple[Any, ...]]:
    for side in SIDES:
        team = feed["liveData"]["boxscore"]["teams"][side]
        for slot, player_id in enumerate(team.get("battingOrder", []), start=1):
            position = team["players"].get(f"ID{player_id}", {}).get("position", {}).get("abbreviation")
            yield feed["gamePk"], side, slot, player_id, position


def play_reviews(feed: Feed) -> Iterator[tuple[Any, ...]]:
    for play in feed["liveData"]["plays"]["allPlays"]:
        if play.get("reviewDetails") is not None:
            yield feed["gamePk"], play["about"]["atBatIndex"], play["reviewDetails"].get("isOverturned")


def reviews(feed: Feed) -> Iterator[tuple[Any, ...]]:
    plays = feed["liveData"]["plays"]["allPlays"]
    for play in plays:
        if "reviewDetails" in play:
            overturned = play["reviewDetails"].get("isOverturned")
            yield feed["gamePk"], play["about"]["atBatIndex"], -1, "play", None, overturned
    for play in plays:
        for index, event in enumerate(play["playEvents"]):
            if "reviewDetails" in event:
                of_event = (event["details"].get("eventType"), event["reviewDetails"].get("isOverturned"))
                yield feed["gamePk"], play["about"]["atBatIndex"], index, "event", *of_event


def notes(feed: Feed) -> Iterator[tuple[Any, ...]]:
    box_score = feed["liveData"]["boxscore"]
    for index, note in enumerate(box_score.get("info", [])):
        yield feed["gamePk"], "both", "game", index, note.get("label"), note.get("value")
    for side in SIDES:
        for part in box_score["teams"][side].get("info", []):
            for index, note in enumerate(part["fieldList"]):
                yield feed["gamePk"], side, part["title"], index, note.get("label"), note.get("value")


@pytest.mark.parametrize(
    ("walk", "enough"),
    [(batting_lines, 400), (lineups, 300), (play_reviews, 10), (reviews, 30), (notes, 500)],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_rows_are_those_of_a_walk_over_the_feed(
    walk: Any, enough: int, made: Method, mapping: ir.Method, feeds: list[tuple[str, Feed]]
) -> None:
    (mapped,) = [each for each in mapping.tables if each.name == walk.__name__]
    count = 0
    for name, feed in feeds:
        found, expected = rows(made, feed, walk.__name__), list(walk(feed))
        assert found == expected, name
        interpreted = sample.sample_rows(mapped, Stub(name, "game.liveGameV1", feed))
        assert [tuple(row.values()) for row in interpreted] == expected, name
        count += len(found)
    assert count > enough


def test_members_of_both_sides_count_as_mapped(mapping: ir.Method, shape: Shape) -> None:
    leaves = {leaf.path: leaf for leaf in coverage.report(mapping, shape).leaves}

    for side in SIDES:
        path = f"$.liveData.boxscore.teams.{side}.players.*.stats.batting"
        assert leaves[f"{path}.hits"].columns == ("game.batting_lines.hits",)
        assert leaves[f"{path}.doubles"].fate == "unmapped"


@pytest.mark.parametrize("side", SIDES)
def test_what_can_not_be_read_of_one_side_is_reported_with_its_place(side: str, made: Method) -> None:
    line = {"person": {"id": 7}, "stats": {"batting": {"plateAppearances": 4, "hits": "many"}}}
    feed = {"gamePk": 1, "liveData": {"boxscore": {"teams": {side: {"players": {"ID7": line}}}}}}

    read = extract(made, Capture(CAPTURED_AT, {"game_pk": "1"}), msgspec.json.encode(feed))

    place = f"$.liveData.boxscore.teams.{side}.players.ID7.stats.batting.hits"
    assert [(each.table, each.place, each.value) for each in read.unreadable] == [
        ("game.batting_lines", place, "'many'")
    ]
    assert [row[:-1] for row in read.rows[0]] == [(1, 7, side, None, None)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("wrong", "place"), [("none", ""), ({"players": {"ID7": {"person": {"id": "7"}}}}, ".players.ID7.person.id")]
)
def test_a_key_or_a_side_that_can_not_be_read_refuses_the_feed(
    side: str, wrong: object, place: str, made: Method
) -> None:
    feed = {"gamePk": 1, "liveData": {"boxscore": {"teams": {side: wrong}}}}

    with pytest.raises(Rejected, match=re.escape(f"$.liveData.boxscore.teams.{side}{place}")):
        extract(made, Capture(CAPTURED_AT, {"game_pk": "1"}), msgspec.json.encode(feed))
