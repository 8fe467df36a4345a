"""`mlb-etl raw`: captures as they came, on standard output and in files that read as the same captures again."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
import terminal
from bodies import whole
from checks import some
from click.testing import CliRunner, Result
from databases import temporary_database
from psycopg import sql
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response, stores

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import loader, record, stub_files
from mlb_etl.cli import cli
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.db import Connection
from mlbgen.samples import stubs

PROGRAM = str(Path(sys.executable).with_name("mlb-etl"))
ROWS = """
SELECT path_params, query_params, url, captured_at, content_hash, encoding, body FROM sample.raw_game
ORDER BY captured_at, content_hash
"""
# What a process needed at most, of itself.
MEASURED = """
import atexit, pathlib, sys
atexit.register(lambda: sys.stderr.write(pathlib.Path("/proc/self/status").read_text()))
from mlb_etl.cli import main
main()
"""


@pytest.fixture
def connection(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # for other processes
    with connect(sample_database) as connection:
        yield connection


def answer(game_pk: int, when: datetime, *, data: bytes | None = None, **members: Any) -> Response:
    """An answer about a game, with whitespace around it and letters that are no ASCII."""
    body = b"\n " + msgspec.json.encode(response(game_pk, name="Péña", **members)) + b" \r\n"
    asked, url = {"game_pk": str(game_pk)}, f"http://localhost/api/v1/game/{game_pk}"
    return Response("sample", "game", asked, {"hydrate": "a,b(c)"}, url, 200, when, body if data is None else data)


def keep(connection: Connection, *responses: Response) -> None:
    """Put them into the raw table as `mlb-etl load` does."""
    for place, each in enumerate(responses):
        file = Path(f"kept{place}.json.gz")
        record.write_stub(file, each)
        assert loader.load_files(stores(connection), [file], package=PACKAGE).stored == (file,)
        file.unlink()


def run(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["raw", *arguments])
    assert done.exit_code == code, done.output
    return done


def listed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("list", *arguments, "--format", "json").stdout)
    return found


def exported(folder: str = "out", *arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run("export", folder, "--quiet", "--format", "json", *arguments, code=code).stdout
    )
    return found


def read(folder: str) -> list[Response]:
    """The captures in the files of a folder, oldest first."""
    found = [stub_files.parse_stub(stub_files.read_file(file)) for file in some(stub_files.find_stubs(Path(folder)))]
    return sorted((each for each in found if each is not None), key=lambda each: (each.captured_at, each.data))


def change(connection: Connection, what: str, game_pk: int) -> None:
    """Change rows of the raw table about a game."""
    statement = f"UPDATE sample.raw_game SET {what} WHERE path_params ->> 'game_pk' = %s"  # noqa: S608 - of this file
    assert connection.execute(statement.encode(), [str(game_pk)]).rowcount == 1


# ---------------------------------------------------------------- export


def test_an_export_loads_as_the_same_captures(
    connection: Connection, server: Server, sample_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, of bodies in either encoding."""
    kept = [answer(1, at(0)), answer(1, at(1), score=5), answer(2, at(2))]
    keep(connection, *kept[:2])
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", "identity")
    keep(connection, kept[2])
    before = connection.execute(ROWS).fetchall()
    assert [row[-2] for row in before] == ["zstd", "zstd", "identity"]
    assert exported() == {"written": 3, "present": 0, "failed": []}
    assert read("out") == kept
    with temporary_database(server, sample_template) as dsn, connect(dsn) as other:
        files = stub_files.find_stubs(Path("out"))
        assert len(loader.load_files(stores(other), files, package=PACKAGE).stored) == 3
        after = other.execute(ROWS).fetchall()
    assert [(*row[:-2], whole(*row[-2:])) for row in after] == [(*row[:-2], whole(*row[-2:])) for row in before]


def test_the_generator_reads_an_export(connection: Connection) -> None:
    keep(connection, answer(1, at(0)), answer(2, at(1)))
    exported()
    found = list(stubs.find_stubs(Path("out")))
    assert [each.name for each in found] == ["sample.game"] * 2
    assert [each.parameters["game_pk"] for each in found] == ["1", "2"]
    assert [each.document for each in found] == [response(game_pk, name="Péña") for game_pk in (1, 2)]


def test_two_contents_of_one_request_and_time_are_two_files(connection: Connection) -> None:
    kept = sorted([answer(1, at(0)), answer(1, at(0), score=7)], key=lambda each: each.data)
    keep(connection, *kept)
    assert exported()["written"] == 2
    assert read("out") == kept


def test_a_damaged_body_is_reported_and_the_rest_goes_on(connection: Connection) -> None:
    keep(connection, *(answer(game_pk, at(game_pk)) for game_pk in (1, 2, 3, 4)))
    change(connection, "body = set_byte(body, 9, 255)", 2)
    change(connection, "encoding = 'identity', body = '{}'", 3)
    found = exported(code=1)
    assert (found["written"], found["present"]) == (2, 0)
    assert ["2024-07-01T12:02:00" in each["capture"] for each in found["failed"]] == [True, False]
    reasons = [each["reason"] for each in found["failed"]]
    assert "damaged" in reasons[0]
    assert "SHA-256" in reasons[1]
    assert [each.path_params["game_pk"] for each in read("out")] == ["1", "4"]
    shown = run("export", "again", code=1).stdout
    assert shown.endswith("written 2, there before 0, failed 2\n")
    assert run("show", "--method", "sample.game", "--param", "game_pk=2", code=1).stdout_bytes == b""


@pytest.mark.parametrize("damaged", ["[1]", '{"game_pk": 3, "other": null}', '"text"'])
def test_unreadable_parameters_are_reported_and_the_rest_goes_on(connection: Connection, damaged: str) -> None:
    keep(connection, answer(1, at(1)), answer(2, at(2)))
    change(connection, f"path_params = '{damaged}'", 1)
    found = exported(code=1)
    [failed] = found["failed"]
    assert (found["written"], failed["path"]) == (1, "path_params")
    assert [each.path_params["game_pk"] for each in read("out")] == ["2"]
    assert [each["path_params"] for each in listed()] == [{"game_pk": "2"}, json.loads(damaged)]
    assert "hydrate=a,b(c)" in run("list").stdout


def test_a_body_that_no_stub_can_have_is_reported(connection: Connection) -> None:
    """As a stub is JSON, and so is what stands in it; `show` prints it all the same."""
    keep(connection, answer(1, at(1)))
    digest = hashlib.sha256(b"<html>").hexdigest()
    change(connection, rf"encoding = 'identity', body = '<html>', content_hash = '\x{digest}'", 1)
    [failed] = exported(code=1)["failed"]
    assert failed["reason"].startswith("not JSON")
    assert not list(Path().rglob("*.json.gz"))
    assert run("show", "--method", "sample.game").stdout_bytes == b"<html>"
    assert "without --pretty" in run("show", "--method", "sample.game", "--pretty", code=1).stderr


def test_no_file_lies_outside_the_folder(connection: Connection) -> None:
    keep(connection, answer(1, at(1)))
    change(connection, "method = '../../../escaped'", 1)
    [failed] = exported(code=1)["failed"]
    assert failed["path"] == "method"
    assert not list(Path().rglob("*.gz"))


def test_it_goes_on_where_it_was_stopped(connection: Connection) -> None:
    keep(connection, *(answer(game_pk, at(game_pk)) for game_pk in (1, 2, 3)))
    exported()
    files = stub_files.find_stubs(Path("out"))
    files[1].unlink()
    kept = files[0].stat()
    assert exported() == {"written": 1, "present": 2, "failed": []}
    assert stub_files.find_stubs(Path("out")) == files
    assert (files[0].stat().st_ino, files[0].stat().st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)


@pytest.mark.parametrize("there", [b"precious", b"", b'{"gamePk": 1}'], ids=["text", "empty", "bare"])
def test_another_file_is_not_overwritten(connection: Connection, there: bytes) -> None:
    keep(connection, answer(1, at(1)), answer(2, at(2)))
    exported()
    first, second = stub_files.find_stubs(Path("out"))
    first.write_bytes(there)
    second.unlink()
    found = exported(code=1)
    assert found["written"] == 1
    [failed] = found["failed"]
    assert str(first) in failed["reason"]
    assert first.read_bytes() == there


def test_filters_choose_what_is_exported(connection: Connection) -> None:
    keep(connection, *(answer(game_pk, at(game_pk)) for game_pk in (1, 2, 3)))
    assert exported("two", "--param", "game_pk=1", "--param", "game_pk=3")["written"] == 2
    assert [each.path_params["game_pk"] for each in read("two")] == ["1", "3"]


def test_where_there_is_none_nothing_is_made(connection: Connection) -> None:
    keep(connection, answer(1, at(1)))
    for arguments in (("--param", "game_pk=2"), ("--since", "2024-07-02"), ("--param", "game%pk=1")):
        assert "no such capture" in run("export", "out", *arguments, code=1).stderr
    assert not Path("out").exists()


def test_a_thousand_captures_are_never_in_memory_at_once(connection: Connection) -> None:
    """100 MB of bodies, one at a time: neither the driver nor the program has more of them."""
    keep(connection, answer(1, at(0), padding="x" * 100_000))
    body = answer(1, at(0), padding="x" * 100_000).data
    connection.execute("UPDATE sample.raw_game SET encoding = 'identity', body = %s", [body])
    facts = connection.execute("SELECT * FROM sample.raw_game LIMIT 0").description
    columns = [each.name for each in some(facts or ()) if each.name != "captured_at"]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    copy = "INSERT INTO sample.raw_game (captured_at, {names}) SELECT captured_at + number * interval '1 s', {names} "
    more = "FROM sample.raw_game, generate_series(1, 999) AS number"
    connection.execute(sql.SQL(copy + more).format(names=names))
    few = memory("export", "few", "--before", "2024-07-02", "--param", "game_pk=1")
    assert len(stub_files.find_stubs(Path("few"))) == 1000
    assert few < 120 << 10


def memory(*arguments: str) -> int:
    """What it needed at most, in KiB."""
    done = subprocess.run([sys.executable, "-c", MEASURED, "raw", *arguments], capture_output=True, check=True)
    [line] = [line for line in done.stderr.decode().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


# ---------------------------------------------------------------- list


def test_captures_are_listed_newest_first(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [answer(1, at(0)), answer(2, at(1)), answer(1, at(2), score=5)]
    keep(connection, *kept[:2])
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", "identity")
    keep(connection, kept[2])
    found = listed()
    assert [each["captured_at"] for each in found] == [each.captured_at.isoformat() for each in reversed(kept)]
    assert [each["size"] for each in found] == [len(each.data) for each in reversed(kept)]
    assert [each["content_hash"] for each in found] == [
        hashlib.sha256(each.data).hexdigest() for each in reversed(kept)
    ]
    stored = connection.execute("SELECT octet_length(body) FROM sample.raw_game ORDER BY captured_at DESC")
    assert [(each["stored"],) for each in found] == stored.fetchall()
    assert [each["captured_at"] for each in listed("--limit", "1")] == [at(2).isoformat()]
    assert "raise --limit" in run("list", "--limit", "2").stdout
    assert "raise --limit" not in run("list", "--limit", "3").stdout


def test_they_are_found_by_what_was_asked_and_when(connection: Connection) -> None:
    keep(connection, *(answer(game_pk, at(0 if game_pk < 3 else 24 * 60)) for game_pk in (1, 2, 3)))

    def games(*arguments: str) -> list[str]:
        return [each["path_params"]["game_pk"] for each in listed(*arguments)]

    assert games("--param", "game_pk=2") == ["2"]
    assert set(games("--param", "game_pk=1", "--param", "game_pk=2")) == {"1", "2"}
    assert set(games("--param", "hydrate=a,b(c)")) == {"1", "2", "3"}
    assert games("--param", "game_pk=1", "--param", "hydrate=a") == []
    assert games("--since", "2024-07-02") == ["3"]
    assert set(games("--before", "2024-07-02", "--method", "sample.game")) == {"1", "2"}
    assert run("list", "--param", "game_pk=9").stdout == "nothing\n"


def test_a_raw_table_that_methods_share_is_listed_and_exported_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(connection, answer(1, at(0)))
    monkeypatch.setattr(registry, "methods", lambda _: {"sample.game": "", "sample.game:plays": ""})
    monkeypatch.setattr(registry, "method", lambda *_: METHOD)
    assert len(listed()) == 1
    assert exported() == {"written": 1, "present": 0, "failed": []}


def test_a_damaged_frame_is_listed_without_its_size(connection: Connection) -> None:
    keep(connection, answer(1, at(0)))
    change(connection, "body = 'no frame at all'", 1)
    assert [each["size"] for each in listed()] == [None]
    assert "unknown" in run("list").stdout


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list", "--param", "game_pk"), 2),
        (("list", "--since", "July"), 2),
        (("list", "--method", "sample.other"), 1),
        (("show",), 2),
        (("show", "--method", "sample.game", "--hash", "xyz1"), 2),
        (("show", "--method", "sample.game", "--hash", "abc"), 2),
        (("show", "--method", "sample.game", "--format", "json"), 2),
        (("show", "--method", "sample.game", "--pretty", "--metadata"), 2),
        (("show", "--method", "sample.game"), 1),
        (("export", "--limit", "3", "out"), 2),
    ],
)
def test_what_can_not_be_meant_is_refused(arguments: tuple[str, ...], code: int) -> None:
    run(*arguments, code=code)


# ---------------------------------------------------------------- show


def test_a_body_is_printed_byte_for_byte(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else: what reads a pipe gets the body alone."""
    kept = [answer(1, at(0)), answer(2, at(1)), answer(1, at(2), score=5)]
    keep(connection, *kept[:2])
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", "identity")
    keep(connection, kept[2])
    digest = hashlib.sha256(kept[0].data).hexdigest()
    for arguments, expected in (
        ((), kept[2]),
        (("--param", "game_pk=2"), kept[1]),
        (("--hash", digest[:8]), kept[0]),
        (("--hash", digest.upper()), kept[0]),
        (("--captured-at", at(0).isoformat().replace("+00:00", "Z")), kept[0]),
    ):
        done = run("show", "--method", "sample.game", *arguments)
        assert done.stdout_bytes == expected.data
        assert done.stderr == ""
    pretty = run("show", "--method", "sample.game", "--pretty").stdout
    assert json.loads(pretty) == json.loads(kept[2].data)
    assert len(pretty.splitlines()) > len(kept[2].data.splitlines())


def test_metadata_are_printed_instead_of_the_body(connection: Connection) -> None:
    keep(connection, answer(1, at(0)))
    found = json.loads(run("show", "--method", "sample.game", "--metadata", "--format", "json").stdout)
    assert [found] == listed()
    text = run("show", "--method", "sample.game", "--metadata").stdout
    assert all(line.partition(" ")[0] in found for line in some(text.splitlines()))


def test_a_hash_of_several_contents_is_refused(connection: Connection) -> None:
    seen: dict[str, Response] = {}
    for number in count():
        each = answer(1, at(number % 50), score=number)
        other = seen.setdefault(hashlib.sha256(each.data).hexdigest()[:4], each)
        if other is not each:
            break
    keep(connection, other, each)
    digest = hashlib.sha256(each.data).hexdigest()
    assert "2 contents" in run("show", "--method", "sample.game", "--hash", digest[:4], code=1).stderr
    assert run("show", "--method", "sample.game", "--hash", digest).stdout_bytes == each.data


# ---------------------------------------------------------------- terminal


def test_on_a_terminal_a_capture_is_a_line_of_80_columns(connection: Connection) -> None:
    keep(connection, answer(747175, at(0)), answer(747176, at(1)))
    connection.execute("UPDATE sample.raw_game SET query_params = '{}'")
    seen = terminal.run([PROGRAM, "raw", "list"], os.environ)
    assert seen.returncode == 0
    assert len(seen.last) == 4
    assert seen.last[0] == "sample.game"
    assert seen.last[2].startswith("2024-07-01T12:01:00Z  game_pk=747176")


def test_on_a_terminal_show_tells_which_capture_it_is(connection: Connection) -> None:
    keep(connection, answer(1, at(0)))
    seen = terminal.run([PROGRAM, "raw", "show", "--method", "sample.game"], os.environ, columns=200)
    assert seen.last[0] == "sample.game game_pk=1 hydrate=a,b(c), captured at 2024-07-01T12:00:00+00:00"


def test_on_a_terminal_a_bar_shows_how_an_export_gets_on(connection: Connection) -> None:
    keep(connection, *(answer(game_pk, at(game_pk)) for game_pk in (1, 2, 3)))
    seen = terminal.run([PROGRAM, "raw", "export", "out"], os.environ)
    assert b" 0/3 " in seen.written
    assert b" 3/3 " in seen.written
    assert seen.last == ["written 3, there before 0, failed 0"]
