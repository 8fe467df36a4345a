"""Whatever happened to rows, watermarks and clocks: `verify rows` finds it, and `repair` mends it."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feeds
import pytest
from checks import some
from click.testing import CliRunner, Result
from laws import Laws, Snapshot, documents, snapshot
from sample_tables.game import METHOD
from samples import PACKAGE, at, response
from variants import Variant

from mlb_contracts import times
from mlb_etl.apply import repair
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.repair import Repaired
from mlb_etl.cli import cli
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.postgres import status, verify


@pytest.fixture
def sample(sample_database: str) -> Iterator[Laws]:
    laws = Laws(sample_database, PACKAGE, METHOD)
    with closing(laws.connection):
        yield laws


def game(captured_at: datetime, rbi: list[int], **members: Any) -> Snapshot:
    return snapshot(METHOD, 1, captured_at, response(rbi=rbi, **members))


def repaired(laws: Laws) -> Repaired:
    return repair.repair(laws.database, laws.method, {})


def differences(laws: Laws) -> list[tuple[str, dict[str, Any], str, tuple[str, ...]]]:
    """All that is found, without the times."""
    return [
        (each.table.rpartition(".")[2], each.key, each.kind, each.columns)
        for checked in verify.compare_documents(laws.connection, laws.method, {})
        for each in checked.differences
    ]


def whys(laws: Laws) -> list[str]:
    return [each.why for each in verify.compare_documents(laws.connection, laws.method, {}) if each.why is not None]


@pytest.fixture
def frozen(sample: Laws, monkeypatch: pytest.MonkeyPatch) -> tuple[Snapshot, Snapshot]:
    """A game that shows a capture of next year, as the database's clock was wrong once, and the true newest one."""
    ((now,),) = sample.connection.execute("SELECT clock_timestamp()").fetchall()
    wrong = game(now + timedelta(days=365), [1] * 12)
    with monkeypatch.context() as patched:
        patched.setattr(times, "TOLERANCE", timedelta(days=500))
        sample.arrive(wrong)
        assert documents(sample.run([1])) == (1, 0, 0, 0)
    true = game(now, [2, 1, 1, 1, 1, 3, 4])
    sample.arrive(true)
    assert documents(sample.run([1])) == (0, 1, 1, 0)
    return wrong, true


def test_a_document_that_shows_a_time_to_come(sample: Laws, frozen: tuple[Snapshot, Snapshot]) -> None:
    wrong, true = frozen
    assert status.read_status(sample.connection, PACKAGE).methods[0].ahead == 1
    done = repaired(sample)
    assert (done.documents, done.changed, done.reset, done.left) == (1, 1, 1, ())
    assert sample.rows(1) == true.rows
    assert sample.watermarks(1)[1][:2] == (true.as_of, true.digest)
    assert sample.quarantine(1) == {wrong.note: "waiting"}, "what is of a time to come waits for it"
    assert status.read_status(sample.connection, PACKAGE).methods[0].ahead == 0
    assert differences(sample) == []


def test_rows_that_the_guard_keeps_out_put_the_capture_aside(sample: Laws, frozen: tuple[Snapshot, Snapshot]) -> None:
    """The guard alone tells that rows are later: nothing is mixed, and the reason says what to do."""
    wrong, true = frozen
    sample.connection.execute("DELETE FROM sample.raw_game WHERE captured_at = %s", [wrong.captured_at])
    sample.connection.execute("DELETE FROM etl.watermark")
    [told] = sample.run([1]).quarantined
    assert told.captured_at == true.captured_at
    assert told.why.table == "sample.games"
    assert (
        told.why.value == f"1 of its rows, such as that of game_pk 1, season 2024, captured at {_text(sample, wrong)}"
    )
    assert "mlb-etl repair" in told.why.reason
    assert sample.rows(1) == wrong.rows
    assert sample.watermarks(1) == {}
    sample.connection.execute("DELETE FROM etl.quarantine")
    assert repaired(sample).left == ()
    assert sample.rows(1) == true.rows
    assert differences(sample) == []


def _text(laws: Laws, of: Snapshot) -> str:
    ((time,),) = laws.connection.execute("SELECT %s::timestamptz", [of.captured_at]).fetchall()
    assert isinstance(time, datetime)
    return time.isoformat()


def test_a_later_row_that_vanished_is_kept_out_too(sample: Laws) -> None:
    """And takes none of the batch with it."""
    sample.arrive(game(at(0), [1, 2, 3, 1, 1, 1]), snapshot(METHOD, 2, at(0), response(2)))
    sample.run([1, 2])
    sample.connection.execute("UPDATE sample.plays SET captured_at = %s WHERE at_bat_index = 5", [at(9)])
    before = sample.rows(1)
    sample.arrive(game(at(1), [1, 2, 3, 1, 1]), snapshot(METHOD, 2, at(1), response(2, score=9)))
    counts = sample.run([1, 2])
    assert documents(counts) == (1, 2, 0, 1)
    assert counts.quarantined[0].why.table == "sample.plays"
    assert sample.rows(1) == before


EDITS = {
    "UPDATE sample.plays SET rbi = 4, speed = NULL WHERE at_bat_index = 0": (
        ("plays", {"game_pk": 1, "at_bat_index": 0, "season": 2024}, "different", ("rbi", "speed")),
    ),
    "DELETE FROM sample.plays WHERE at_bat_index = 1": (
        ("plays", {"game_pk": 1, "at_bat_index": 1, "season": 2024}, "missing", ()),
    ),
    "UPDATE sample.plays SET at_bat_index = 77 WHERE at_bat_index = 1": (
        ("plays", {"game_pk": 1, "at_bat_index": 1, "season": 2024}, "missing", ()),
        ("plays", {"game_pk": 1, "at_bat_index": 77, "season": 2024}, "extra", ()),
    ),
    "UPDATE sample.games SET captured_at = captured_at + interval '1 year', venue = 'x'": (
        ("games", {"game_pk": 1, "season": 2024}, "later", ("venue",)),
    ),
    "UPDATE sample.games SET captured_at = captured_at + interval '1 year'": (
        ("games", {"game_pk": 1, "season": 2024}, "later", ()),
    ),
    "INSERT INTO sample.plays (game_pk, season, at_bat_index, captured_at)"
    " SELECT 1, 2024, n, '2024-07-01' FROM generate_series(10, 19) AS n": tuple(
        ("plays", {"game_pk": 1, "at_bat_index": n, "season": 2024}, "extra", ()) for n in range(10, 20)
    ),
    "DELETE FROM sample.plays": tuple(
        ("plays", {"game_pk": 1, "at_bat_index": n, "season": 2024}, "missing", ()) for n in range(3)
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_rows_changed_by_hand(sample: Laws, edit: str) -> None:
    """No other row is written; nor is the newest capture's state any other."""
    sample.arrive(game(at(0), [1, 2, 3], score=1), game(at(1), [1, 2, 3], score=2))
    sample.run([1])
    rows, before = sample.rows(1), sample.places(1)
    mark = sample.watermarks(1)
    assert differences(sample) == []
    sample.connection.execute(edit.encode())
    assert differences(sample) == list(EDITS[edit])
    done = repaired(sample)
    assert (done.documents, done.changed, done.reset, done.left) == (1, 1, 0, ())
    assert sample.rows(1) == rows
    assert sample.watermarks(1) == mark
    assert differences(sample) == []
    touched = {(f"sample.{table}", tuple(key.values())) for table, key, *_ in EDITS[edit]}
    for table, places in some(sample.places(1).items()):
        for key, place in places.items():
            assert place == before[table][key] or any(t == table and set(key) <= {*k, 2024} for t, k in touched)
    again = repaired(sample)
    assert (again.changed, again.counts.quarantined) == (0, ())


def test_what_was_not_applied_yet_keeps_to_the_laws(sample: Laws) -> None:
    """A repair is no way around the shrink guard, nor does it take up what waits."""
    sample.arrive(game(at(0), [1] * 9), broken := snapshot(METHOD, 1, at(1), {"gamePk": 1}, broken=True))
    sample.run([1])
    sample.arrive(small := game(at(2), [1]))
    sample.connection.execute("DELETE FROM sample.plays")
    done = repaired(sample)
    assert sample.quarantine(1) == {broken.note: "waiting", small.note: "waiting"}
    assert len(done.counts.quarantined) == 2
    assert len(sample.rows(1)["sample.plays"]) == 9


def test_a_lost_watermark(sample: Laws) -> None:
    sample.arrive(game(at(0), [1] * 9), newest := game(at(1), [1] * 8), snapshot(METHOD, 2, at(0), response(2)))
    sample.run([1, 2])
    sample.connection.execute("DELETE FROM etl.watermark WHERE document = '{\"game_pk\": 1}'")
    assert len(whys(sample)) == 2, "of each table"
    assert repaired(sample).changed == 0
    assert sample.watermarks(1)[1][:2] == (newest.as_of, newest.digest)
    assert whys(sample) == []


def test_a_lost_watermark_is_no_way_around_the_shrink_guard(sample: Laws) -> None:
    sample.arrive(old := game(at(0), [1] * 9))
    sample.run([1])
    sample.connection.execute("DELETE FROM etl.watermark")
    sample.arrive(small := game(at(1), [1]))
    done = repaired(sample)
    assert (done.left, len(done.counts.quarantined)) == ((), 1)
    assert sample.rows(1) == old.rows
    assert sample.quarantine(1) == {small.note: "waiting"}
    assert sample.watermarks(1)[1][0] == at(0)


def test_a_lost_capture(sample: Laws) -> None:
    """Where there is no other, the document is left as it is, and the reason is told."""
    sample.arrive(old := game(at(0), [1] * 8), newest := game(at(1), [1] * 9))
    sample.run([1])
    sample.connection.execute("DELETE FROM sample.raw_game WHERE captured_at = %s", [newest.captured_at])
    [why] = whys(sample)
    assert "no longer has the response" in why
    assert repaired(sample).changed == 1
    assert sample.rows(1) == old.rows
    assert sample.watermarks(1)[1][:2] == (old.as_of, old.digest)
    sample.connection.execute("DELETE FROM etl.watermark")
    sample.connection.execute(
        "INSERT INTO etl.quarantine (method, document, captured_at, content_hash, path, reason)"
        " SELECT 'sample.game', '{\"game_pk\": 1}', captured_at, content_hash, '$', '' FROM sample.raw_game"
    )
    [left] = repaired(sample).left
    assert left.document == {"game_pk": 1}
    assert sample.rows(1) == old.rows


def test_a_document_before_others_is_tried_again(sample: Laws) -> None:
    """Its newest capture breaks a rule, which shows when it is applied; then it is the older one's turn."""
    old = game(at(0), [1, 2, 3])
    sample.arrive(old, game(at(1), [5]), snapshot(METHOD, 2, at(0), response(2, rbi=[1])))
    done = repaired(sample)
    assert (done.documents, done.changed, done.left) == (2, 2, ())
    assert sample.rows(1) == old.rows
    assert [*sample.quarantine(1).values()] == ["waiting"]


def test_a_repair_gives_way_to_who_applies_meanwhile(sample: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    sample.arrive(game(at(0), [1, 2, 3]))
    sample.run([1])
    apply = Session.apply

    def late(of: Session, captures: list[StoredCapture]) -> Counts:
        monkeypatch.undo()
        sample.arrive(game(at(1), [1, 2, 4]))
        sample.run([1])
        return apply(of, captures)

    monkeypatch.setattr(Session, "apply", late)
    done = repaired(sample)
    assert (done.left, done.changed) == ((), 0)
    assert sample.rows(1) == game(at(1), [1, 2, 4]).rows
    assert sample.watermarks(1)[1][0] == at(1)


def test_each_way_to_partition(variant: Variant, variant_database: str, stubs_dir: Path) -> None:
    """All tables of real feeds, whose rows were changed, moved and made later."""
    laws = Laws(variant_database, variant.package, variant.method)
    of = [feeds.small(feeds.feed(feeds.files(stubs_dir, 747175)[0], plays=plays)) for plays in (20, 21)]
    made = [snapshot(laws.method, 747175, at(minute), feed) for minute, feed in enumerate(of)]
    with closing(laws.connection):
        for each in made:
            laws.arrive(each)
            laws.run([747175])
        assert differences(laws) == []
        for edit in (
            "UPDATE game.live_game_plays SET captured_at = captured_at + interval '1 day' WHERE at_bat_index < 3",
            "UPDATE game.live_game_metadata SET season = season, venue_name = 'x'",
            "DELETE FROM game.live_game_umpires",
            "UPDATE game.live_game_pitch_events SET outs = 3 WHERE at_bat_index = 4",
        ):
            laws.connection.execute(edit.encode())
        kinds = {kind for _, _, kind, _ in differences(laws)}
        assert kinds == {"later", "different", "missing"}
        repaired(laws)
        assert laws.rows(747175) == made[1].rows
        assert differences(laws) == []


def run(laws: Laws, *words: str) -> Result:
    environment = {"MLB_ETL_DSN": laws.settings.dsn, "MLB_ETL_TABLES": PACKAGE}
    return CliRunner().invoke(cli, words, env=environment)


def test_the_commands(sample: Laws) -> None:
    sample.arrive(game(at(0), [1, 2, 3]))
    sample.run([1])
    assert run(sample, "verify", "rows").exit_code == 0
    sample.connection.execute("UPDATE sample.plays SET rbi = 0, captured_at = now() WHERE at_bat_index = 2")
    found = run(sample, "verify", "rows", "--game-pk", "1")
    assert found.exit_code == 1
    assert "sample.plays, game_pk 1, at_bat_index 2, season 2024: later" in " ".join(found.stdout.split())
    assert max(map(len, found.stdout.splitlines())) <= 80
    [line] = run(sample, "verify", "rows", "--format", "json").stdout.splitlines()
    [row] = json.loads(line)["rows"]
    assert (row["kind"], row["columns"], row["key"]["at_bat_index"]) == ("later", ["rbi"], 2)
    assert run(sample, "verify", "rows", "--game-pk", "2").exit_code == 0
    assert run(sample, "repair").exit_code == 2
    assert run(sample, "repair", "--all", "--game-pk", "1").exit_code == 2
    assert run(sample, "repair", "--param", "venue=1").exit_code == 2
    assert run(sample, "repair", "--game-pk", "one").exit_code == 2
    done = run(sample, "repair", "--game-pk", "1", "--format", "json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)["sample.game"]
    assert (facts["documents"], facts["changed"]) == (1, 1)
    assert facts["counts"]["tables"]["sample.plays"] == {"inserted": 1, "updated": 0, "unchanged": 2, "deleted": 1}
    assert "1 documents, 0 changed" in run(sample, "repair", "--all").stdout
    assert run(sample, "verify", "rows").exit_code == 0


COMMANDS = re.findall(r"^mlb-etl .*$", (Path(__file__).parents[2] / "docs" / "repair.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_page(database: str, command: str) -> None:
    done = CliRunner().invoke(cli, command.split()[1:], env={"MLB_ETL_DSN": database})
    assert done.exit_code == 0, done.output
