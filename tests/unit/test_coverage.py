"""Every leaf path of the samples is mapped, ignored or unmapped."""

import json
from pathlib import Path

import pytest

from mlbgen import cli, lower
from mlbgen.language import source
from mlbgen.language.diagnostics import MappingErrors
from mlbgen.samples import coverage, infer, shape_file
from mlbgen.samples.coverage import Coverage
from mlbgen.samples.stubs import Stub

ROOT = Path(__file__).parents[2]
MAPPING = """\
version: 1
source:
  endpoint: game
  method: test
  url: /{game_pk}
  raw_table: game.test
  document: {game_pk: {type: bigint, path: $.gamePk}}
defaults:
  columns:
    - {name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: Game.}
tables:
  - name: game.players
    description: One row for each player.
    rows: {player: "$.players.*"}
    primary_key: [game_pk, id]
    columns:
      - {name: id, type: integer, path: player.id, nullable: false, description: Person.}
      - {name: label, type: text, path: [player.name.full, player.name.short], description: Name.}
  - name: game.slots
    description: One row for each slot.
    rows: {person: "$.order[*]"}
    primary_key: [game_pk, person_id]
    columns:
      - {name: person_id, type: integer, item_of: person, nullable: false, description: Person.}
ignore:
  - {path: $..link, reason: follows from the id}
  - {path: $.debug, reason: of no use}
  - {path: "$.players.*.stats", reason: later}
"""
DOCUMENT = {
    "gamePk": 1,
    "link": "x",
    "players": {"ID5": {"id": 5, "name": {"full": "A", "short": "B"}, "link": "y", "stats": {"era": 1.5}, "age": 7}},
    "order": [5],
    "debug": {"a": [{"b": 1}], "empty": {}},
    "debugger": 1,
}


@pytest.fixture
def report() -> Coverage:
    read = source.parse(MAPPING, "test.yaml")
    shape = infer.infer([Stub("test.json", "game.test", DOCUMENT)])["game.test"]
    return coverage.report(lower.lower(read, shape), shape)


def test_the_fate_of_each_leaf(report: Coverage) -> None:
    assert {leaf.path: (leaf.fate, leaf.columns, leaf.reason) for leaf in report.leaves} == {
        "$.gamePk": ("mapped", ("game.players.game_pk", "game.slots.game_pk"), None),
        "$.link": ("ignored", (), "follows from the id"),
        "$.players.*.id": ("mapped", ("game.players.id",), None),
        "$.players.*.name.full": ("mapped", ("game.players.label",), None),
        "$.players.*.name.short": ("mapped", ("game.players.label",), None),
        "$.players.*.link": ("ignored", (), "follows from the id"),
        "$.players.*.stats.era": ("ignored", (), "later"),
        "$.players.*.age": ("unmapped", (), None),
        "$.order[*]": ("mapped", ("game.slots.person_id",), None),
        "$.debug.a[*].b": ("ignored", (), "of no use"),
        "$.debug.empty": ("ignored", (), "of no use"),
        "$.debugger": ("unmapped", (), None),
    }


def test_the_report_as_json(report: Coverage) -> None:
    (found,) = json.loads(json.dumps(coverage.as_json([report])))["mappings"]
    assert found["mapping"] == "game.test"
    assert {"path": "$.order[*]", "count": 1, "columns": ["game.slots.person_id"]} in found["mapped"]
    assert {"path": "$.link", "count": 1, "reason": "follows from the id"} in found["ignored"]
    assert found["unmapped"] == [{"path": "$.players.*.age", "count": 1}, {"path": "$.debugger", "count": 1}]
    assert {fate: len(found[fate]) for fate in ("mapped", "ignored")} == {"mapped": 5, "ignored": 5}


def test_the_page_shows_the_form_of_the_report(report: Coverage) -> None:
    page = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text()
    (shown,) = json.loads(page.partition("```json\n")[2].partition("```")[0])["mappings"]
    (found,) = coverage.as_json([report])["mappings"]
    assert list(shown) == list(found)
    for fate in ("mapped", "ignored"):
        assert [*shown[fate][0]] == [*found[fate][0]]


def test_the_report_as_text(report: Coverage) -> None:
    assert coverage.as_text([report]).splitlines() == [
        "mapping     mapped  ignored  unmapped",
        "game.test        5        5         2",
        "",
        "Unmapped paths of game.test, with how often samples have them:",
        "      1  $.players.*.age",
        "      1  $.debugger",
    ]


def test_an_empty_place_belongs_to_the_columns_below_it() -> None:
    """Samples in which a list is empty or an object null lack nothing that is not mapped."""
    read = source.parse(MAPPING, "test.yaml")
    shape = infer.infer([Stub("test.json", "game.test", DOCUMENT)])["game.test"]
    empty = {"gamePk": 1, "players": {"ID5": {"id": 5, "name": None, "stats": {}, "bats": None}}, "order": []}
    found = coverage.report(lower.lower(read, shape), infer.infer([Stub("", "game.test", empty)])["game.test"])
    assert {leaf.path: (leaf.fate, leaf.columns) for leaf in found.leaves} == {
        "$.gamePk": ("mapped", ("game.players.game_pk", "game.slots.game_pk")),
        "$.players.*.id": ("mapped", ("game.players.id",)),
        "$.players.*.name": ("mapped", ("game.players.label",)),
        "$.players.*.stats": ("ignored", ()),
        "$.players.*.bats": ("unmapped", ()),
        "$.order": ("mapped", ("game.slots.person_id",)),
    }


def test_all_that_a_carried_value_depends_on_is_mapped_and_once() -> None:
    plays = [{"n": 1, "half": "top", "on": True, "old": "a", "new": "b", "runners": [{"at": 1, "id": 5}]}]
    document = {"gamePk": 1, "plays": plays}
    table = """\
  - name: game.plays
    description: One row for each play.
    rows: {play: "$.plays[*]"}
    visit: {runner: {in: play.runners, where: {at: play.n}}}
    primary_key: [game_pk, n]
    columns:
      - {name: n, type: smallint, path: play.n, nullable: false, description: Number.}
      - name: state
        type: text
        description: State.
        carry:
          by: [play.half]
          rules:
            - {before: play, where: play.on == true, replaces: play.old, path: play.new}
            - {after: play, path: play.new}
      - {name: last, type: smallint, description: Runner., carry: {rules: [{before: runner, path: runner.id}]}}
"""
    ignored = "ignore:\n" + "".join(
        f'  - {{path: "$.plays[*].{name}", reason: later}}\n' for name in ("half", "on", "old", "runners[*].at")
    )
    head, _, _ = MAPPING.partition("  - name: game.players")
    shape = infer.infer([Stub("test.json", "game.test", document)])["game.test"]
    found = coverage.report(lower.lower(source.parse(head + table, "test.yaml"), shape), shape)
    state, last = ("game.plays.state",), ("game.plays.last",)
    assert {leaf.path.removeprefix("$.plays[*]."): leaf.columns for leaf in found.leaves} == {
        "$.gamePk": ("game.plays.game_pk",),
        "n": ("game.plays.n", *last),
        **dict.fromkeys(("half", "on", "old", "new"), state),
        **dict.fromkeys(("runners[*].at", "runners[*].id"), last),
    }
    with pytest.raises(MappingErrors) as refused:
        lower.lower(source.parse(head + table + ignored, "test.yaml"), shape)
    assert [each.code for each in refused.value.diagnostics] == ["MG091"] * 4


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the mapping, whose shape was inferred from the document."""
    for path, text in (
        ("pyproject.toml", ""),
        ("schemas/mappings/game/test.yaml", MAPPING),
        ("shown/1.json", json.dumps(STUB | {"response": DOCUMENT})),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert cli.main(["infer", "--root", str(tmp_path), "--stubs", str(tmp_path / "shown")]) == 0
    return tmp_path


STUB = {"endpoint": "game", "method": "test"}


def unmapped(root: Path, capsys: pytest.CaptureFixture[str], *folders: str) -> tuple[set[str], str]:
    """The unmapped paths by the command, and what it says on stderr."""
    capsys.readouterr()
    options = [option for each in folders for option in ("--stubs", str(root / each))]
    assert cli.main(["coverage", "--root", str(root), "--format", "json", *options]) == 0
    shown = capsys.readouterr()
    reports = json.loads(shown.out)["mappings"]
    return {each["path"] for of in reports for each in of["unmapped"]}, shown.err


def test_coverage_of_given_samples(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, document in enumerate([{"gamePk": 1, "new": 1}, {"gamePk": 2, "newer": 1}]):
        (root / f"new{number}").mkdir()
        (root / f"new{number}" / "1.json").write_text(json.dumps(STUB | {"response": document}))
    (root / "other").mkdir()
    (root / "other" / "1.json").write_text(json.dumps({"endpoint": "a", "method": "b", "response": 1}))
    committed = {"$.players.*.age", "$.debugger"}
    assert unmapped(root, capsys) == (committed, "")
    assert unmapped(root, capsys, "new0") == ({"$.new"}, "")
    assert unmapped(root, capsys, "new0", "new1") == ({"$.new", "$.newer"}, "")
    assert unmapped(root, capsys, "other") == (set(), f"game.test: no sample in {root / 'other'}\n")
    monkeypatch.setenv("MLB_STUBS", str(root / "new0"))
    assert unmapped(root, capsys) == (committed, "")


def test_infer_reads_all_folders(root: Path) -> None:
    (root / "more").mkdir()
    (root / "more" / "1.json").write_text(json.dumps(STUB | {"response": {"more": 1}}))
    folders = ["--stubs", str(root / "shown"), "--stubs", str(root / "more")]
    assert cli.main(["infer", "--root", str(root), *folders]) == 0
    shape = shape_file.load_shape(root / infer.path("game.test"))
    assert (shape.seen, {"more", *DOCUMENT}) == (2, set(shape.members))


def test_nothing_of_the_live_feed_is_unaccounted_for() -> None:
    read = source.load(ROOT / "schemas/mappings/game/live_game_v1.yaml", root=ROOT)
    shape = shape_file.load_shape(ROOT / infer.path("game.liveGameV1"))
    found = coverage.report(lower.lower(read, shape), shape)
    assert len(found.leaves) > 1700
    assert [leaf.path for leaf in found.of("unmapped")] == []
