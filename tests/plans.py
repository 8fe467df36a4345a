"""A project with generated code, samples and a view, and edits of it whose plans are shown."""

import json
from pathlib import Path
from typing import Any

from edits import EDITS, FILE, MAPPING, Edit, edit, line, project, response

from mlbgen import cli

VIEW_FILE = "schemas/views/league/scored_plays.sql"
VIEW = """CREATE VIEW league.scored_plays AS
SELECT p.game_pk, p.event, g.score
FROM league.plays AS p JOIN league.games AS g USING (game_pk, season);

COMMENT ON VIEW league.scored_plays IS 'Plays with the runs of their game.';
COMMENT ON COLUMN league.scored_plays.game_pk IS 'The game.';
COMMENT ON COLUMN league.scored_plays.event IS 'What happened.';
COMMENT ON COLUMN league.scored_plays.score IS 'Runs so far.';
"""
WITH_NOTE = VIEW.replace("g.score", "g.note").replace("score IS 'Runs so far", "note IS 'What is said of it")

NO_NINTH = "{rule: no ninth run, path: $.ninth, absent: true}"

_OF_MIGRATIONS = (
    "column_added",
    "column_dropped",
    "column_widened",
    "column_narrowed",
    "column_of_another_kind",
    "column_renamed",
    "column_of_keys_renamed",
    "comments",
    "default_of_absent_values",
    "derived_column_added",
    "index_changed",
    "key_column_added",
    "key_of_a_parent_with_children",
    "order_of_the_key",
    "several_at_once",
    "table_added",
    "table_dropped",
)
SHOWN: dict[str, Edit] = {name: EDITS[name] for name in _OF_MIGRATIONS} | {
    "nothing": edit(),
    "path_changed": edit(("path: play.event,", "path: play.half,")),
    "filter_changed": edit(('{play: "$.plays[*]", runner', '{play: "$.plays[?@.index != 2]", runner')),
    "converter_changed": edit(("path: play.event,", "path: play.event, null_if: [Event 1],")),
    "values_that_do_not_fit": edit(("numeric(5,1)", "numeric(3,2)"), drop=True),
    "key_that_repeats": edit(
        ("[game_pk, play_index, runner_id]", "[game_pk, play_index]"), line("name: runner_id"), drop=True, rebuild=True
    ),
    "rule_added": edit(
        ("equals_parameter: game_pk}\n", f"equals_parameter: game_pk}}\n    - {NO_NINTH}\n"),
    ),
    "view_changed": Edit({FILE: MAPPING, VIEW_FILE: WITH_NOTE}, EDITS["column_added"].allowed),
}  # fmt: skip


def stub(game_pk: int, body: dict[str, Any], **facts: object) -> str:
    """A capture of that response."""
    of = {"endpoint": "league", "method": "gameV1", "path_params": {"game_pk": str(game_pk)}, "query_params": {}}
    return json.dumps({**of, "captured_at": "2024-07-02T10:00:00Z", "response": body, **facts})


def write_samples(folder: Path) -> None:
    """Four games, of which an edit rejects one, an answer of another method, and a file that is no stub."""
    folder.mkdir(parents=True, exist_ok=True)
    for game_pk in (1, 2, 3):
        (folder / f"game_{game_pk}.json").write_text(stub(game_pk, response(game_pk, 2024, 2 + game_pk)))
    (folder / "game_4.json").write_text(stub(4, response(4, 2024, 1, ninth=True)))
    (folder / "other.json").write_text(stub(9, {"teamId": 9}, method="teamV1"))
    (folder / "broken.json").write_text("{}")


def write_project(root: Path) -> None:
    """The project before any edit, generated and released."""
    project(root, {FILE: MAPPING, VIEW_FILE: VIEW})
    write_samples(root / "captures")
    assert cli.main(["generate", "--root", str(root)]) == 0


def write_edit(root: Path, name: str) -> None:
    """Edit the project."""
    project(root, SHOWN[name].mappings)
