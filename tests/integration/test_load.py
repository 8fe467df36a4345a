"""`mlb-etl load`: each file that can't be used is named with the reason, and all others are loaded."""

import gzip
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from samples import PACKAGE, at, connect, response, stores, stub, write

from mlb_etl.capture import loader, stub_files
from mlb_etl.cli import cli
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.postgres.raw import RawWriter

WHOLE = json.dumps(stub(response())).encode()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    Path("files").mkdir()
    return tmp_path


@pytest.fixture
def database(sample_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    return sample_database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ("load", *arguments))


def without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in stub(response()).items() if name not in names}).encode()


BROKEN = {
    "a-html.json": (b"<html>502</html>", "$", "not JSON: JSON is malformed"),
    "b-empty.json": (b"", "$", "not JSON: Input data was truncated"),
    "c-cut.json": (WHOLE[:-20], "$", "not JSON: Input data was truncated"),
    "d-no-gzip.json.gz": (b"\x1f\x8bno gzip at all", "$", "can't be decompressed: "),
    "e-cut.json.gz": (
        gzip.compress(WHOLE)[:-20],
        "$",
        "can't be decompressed: ",
    ),
    "f-latin1.json": (WHOLE.replace(b'"score"', b'"\xe9"'), "$", "not UTF-8: invalid continuation byte"),
    "g-no-time.json": (without("captured_at"), "$", "Object missing required field `captured_at`"),
    "h-no-time.json": (
        WHOLE.replace(b"2024-07-01T12", b"yesterday"),
        "$.captured_at",
        "Invalid RFC3339 encoded datetime",
    ),
    "i-long-ago.json": (
        WHOLE.replace(b"2024-07-01T", b"0001-01-01T"),
        "$.captured_at",
        "the time of a capture must be in the years 2000 to 2099",
    ),
    "j-type.json": (
        WHOLE.replace(b'"index": 0', b'"index": "0"'),
        "$.plays[0].index",
        "Expected `int | null`, got `str`",
    ),
    "k-key.json": (WHOLE.replace(b'"index": 0, ', b""), "$.plays[0].index", "a key column needs a value"),
    "l-note.json": (
        json.dumps(stub(None) | {"same_as": "a.json"}).replace('"response": null, ', "").encode(),
        "$",
        "a note of an object store, not a response: `mlb-etl replay --from` reads the whole store",
    ),
}


def test_broken_files_beside_good_ones(database: str, folder: Path) -> None:
    for name, (content, _, _) in BROKEN.items():
        (folder / "files" / name).write_bytes(content)
    os.mkfifo("files/m-fifo.json")
    Path("files/n-dangling.json").symlink_to("nowhere")
    (folder / "files" / "o-folder.json").mkdir()
    for number, name in enumerate(("aa.json", "ee.json.gz", "o-folder.json/in.json", "z.json")):
        write(folder / "files" / name, stub(response(score=number), at(number)))
    (folder / "files" / "README.txt").write_text("not looked at")
    result = run("files", "--format", "json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    expected = {f"files/{name}": (path, reason) for name, (_, path, reason) in BROKEN.items()} | {
        "files/m-fifo.json": ("$", "not a regular file"),
        "files/n-dangling.json": ("$", "can't be read: No such file or directory"),
    }
    assert [each["file"] for each in told["refused"]] == list(expected)
    for each, (path, reason) in zip(told["refused"], expected.values(), strict=True):
        assert (each["path"], each["reason"][: len(reason)]) == (path, reason)
    assert sum(each["stored"] for each in told["methods"].values()) == 4
    assert told["methods"]["sample.game"] == {
        "stored": 4,
        "unchanged": 0,
        "known": 0,
        "not_mapped": 0,
        "refused": sum(each["method"] == "sample.game" for each in told["refused"]),
    }
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM sample.raw_game").fetchone() == (4,)


@pytest.mark.usefixtures("database")
def test_what_is_told(folder: Path) -> None:
    write(folder / "files" / "a.json", stub(response()))
    write(folder / "files" / "b.json", stub(response(), at(1)))
    write(folder / "files" / "c.json", stub(response(), method="other"))
    (folder / "files" / "d\x1b[2J.json").write_text("{")
    first, again = run("files"), run("files", "files/a.json")
    assert (first.exit_code, again.exit_code) == (1, 1)
    assert first.output == (
        "refused files/d\\x1b[2J.json\n"
        "  path    $\n"
        "  value   '{'\n"
        "  reason  not JSON: Input data was truncated\n"
        "method        stored  unchanged  known  refused  not mapped\n"
        "sample.game        1          1      0        0           0\n"
        "sample.other       0          0      0        0           1\n"
        "unknown            0          0      0        1           0\n"
        "stored 1, unchanged 1, known 0, refused 1, not mapped 1\n"
    )
    assert again.output.endswith("stored 0, unchanged 0, known 2, refused 1, not mapped 1\n")
    named = run("files/c.json")
    assert named.exit_code == 1
    assert named.output == (
        "refused files/c.json\n"
        "  path    $.method\n"
        "  value   'sample.other'\n"
        "  reason  sample_tables has no mapping for this method\n"
        "stored 0, unchanged 0, known 0, refused 1, not mapped 0\n"
    )


@pytest.mark.usefixtures("database")
def test_a_file_that_is_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, or unzipped."""
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "1")
    large = WHOLE + b" " * (4 << 20)
    (folder / "files" / "a.json").write_bytes(large)
    (folder / "files" / "b.json.gz").write_bytes(gzip.compress(large))
    write(folder / "files" / "c.json", stub(response()))
    result = run("files")
    assert result.exit_code == 1
    assert result.output.count(" MiB, the limit set by MLB_ETL_MAX_BODY\n") == 2
    assert result.output.endswith("stored 1, unchanged 0, known 0, refused 2, not mapped 0\n")


@pytest.mark.usefixtures("database")
def test_a_folder_of_other_methods_is_no_error(folder: Path) -> None:
    write(folder / "files" / "c.json", stub(response(), method="other"))
    result = run("files")
    assert (result.exit_code, result.output) == (0, "stored 0, unchanged 0, known 0, refused 0, not mapped 1\n")


def test_loaded_and_applied(database: str, folder: Path) -> None:
    """What is loaded only: another document that waits goes on waiting."""
    write(folder / "other.json", stub(response(3), game_pk=3))
    assert run("other.json").exit_code == 0
    for number in (1, 2):
        write(folder / "files" / f"{number}.json", stub(response(number), game_pk=number))
    result = run("files", "--transform", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.output)["transform"]["documents"]["applied"] == 2
    with connect(database) as connection:
        assert connection.execute("SELECT game_pk FROM sample.games ORDER BY 1").fetchall() == [(1,), (2,)]


def test_a_capture_that_is_quarantined(database: str, folder: Path) -> None:
    write(folder / "files" / "a.json", stub(response(rbi=[1] * 10)))
    write(folder / "files" / "b.json", stub(response(rbi=[]), at(1)))
    result = run("files", "--transform")
    assert result.exit_code == 1
    assert "\nquarantined 1: " in result.output
    assert "  game_pk 1  2024-07-01T12:01:00Z\n" in result.output
    assert result.output.endswith("stored 2, unchanged 0, known 0, refused 0, not mapped 0\n")
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM sample.plays").fetchone() == (10,)


def test_bare_responses(database: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are several methods, each file that does not say its own is refused, and no other."""
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    bare = write(folder / "files" / "bare.json", response(7))
    wrapped = write(folder / "files" / "wrapped.json", stub(response(8), game_pk=8))
    monkeypatch.setattr("sample_tables.METHODS", dict.fromkeys(["sample.game", "sample.other"], "sample_tables.game"))
    with connect(database) as connection:
        loaded = loader.load_files(stores(connection), [bare, wrapped], package=PACKAGE)
    assert loaded.stored == (wrapped,)
    [refused] = loaded.refused
    assert refused.why is not None
    assert refused.why.reason == (
        "a bare response does not name its method: give --method, one of sample.game, sample.other"
    )
    result = run("files", "--method", "sample.gme")
    assert (result.exit_code, result.output) == (
        1,
        "Error: no mapping for sample.gme; sample_tables has sample.game, sample.other\n",
    )
    os.utime(bare, (0, 10.0**12))
    late = run("files/bare.json", "--method", "sample.game", "--format", "json")
    assert " time " in json.loads(late.output)["refused"][0]["reason"]
    early = run("files/bare.json", "--method", "sample.game", "--captured-at", "0001-01-01T00:00:00+1400")
    assert "  reason  the time of a capture must be in the years 2000 to 2099\n" in early.output


def test_what_was_stored_is_told_when_the_database_goes_away(
    database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(folder / "files" / f"{number}.json", stub(response(score=number), at(number)))
    store = RawWriter.store_all
    calls: list[object] = []

    def gone(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 3:
            raise DatabaseUnavailable("the database stopped the work")
        return store(*arguments)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(RawWriter, "store_all", gone)
    result = run("files")
    assert result.exit_code == 1
    assert result.output == (
        "stored 2, unchanged 0, known 0, refused 0, not mapped 0\nError: the database stopped the work\n"
    )
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM sample.raw_game").fetchone() == (2,)


def test_nothing_to_load() -> None:
    assert run("files").exit_code == 2
    assert run("nowhere").exit_code == 2
    assert run().exit_code == 2


def test_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    """It counts as a file that can't be read."""
    assert stub_files.find_stubs(tmp_path / "gone") == [tmp_path / "gone"]
