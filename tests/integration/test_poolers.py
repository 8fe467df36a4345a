"""Connections through PgBouncer: a session of their own works, one that is shared is refused."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner, Result
from databases import temporary_folder
from psycopg.conninfo import conninfo_to_dict
from samples import PACKAGE, response, stub, write

from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.accounts import Account
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db, session

CONFIGURATION = """\
{databases}
[pgbouncer]
pool_mode = {mode}
auth_type = any
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
logfile = {folder}/log
pidfile = {folder}/pid
"""

ANY = "[databases]\n* = host={server} user=postgres pool_size={size}"
RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()


@pytest.fixture(scope="session")
def program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("PgBouncer is not installed: apt-get install pgbouncer")
    return found


@contextmanager
def pooled(
    program: str, server: Server, database: str, mode: str, *, size: int = 20, databases: str = ANY
) -> Iterator[str]:
    """The DSN of a database through a pooler in that mode."""
    folder = temporary_folder()
    try:
        known = databases.format(server=server.home, size=size)
        facts = {"databases": known, "folder": folder, "mode": mode}
        (folder / "pgbouncer.ini").write_text(CONFIGURATION.format(**facts))
        owner = server.home.stat()
        if os.geteuid() == 0:
            Account(owner.st_uid, owner.st_gid).take(folder)
        command = [program, "--quiet", str(folder / "pgbouncer.ini")]
        as_them = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, **as_them) as process:
            try:
                wait_for((folder / ".s.PGSQL.6432").exists, process)
                name = conninfo_to_dict(database)["dbname"]
                yield f"postgresql://postgres@/{name}?host={quote(str(folder), safe='')}&port=6432"
            finally:
                process.kill()
    finally:
        shutil.rmtree(folder)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the pooler ended"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run(dsn: str, *arguments: str) -> Result:
    return CliRunner(env={"MLB_ETL_DSN": dsn, "MLB_ETL_TABLES": PACKAGE}).invoke(cli, arguments)


def test_a_session_of_its_own_works(program: str, server: Server, empty_database: str, tmp_path: Path) -> None:
    with pooled(program, server, empty_database, "session") as dsn:
        assert run(dsn, "schema", "init").exit_code == 0
        for number in range(20):
            write(tmp_path / f"{number}.json", stub(response(number), game_pk=number))
        loaded = run(dsn, "test", "load-stub", "--dir", str(tmp_path))
        assert loaded.output.startswith("stored 20,")
        (tmp_path / "job.yaml").write_text(
            "name: sample\nsource: {endpoint: sample, method: game}\nstorage: {raw: false, transform: true}\n"
        )
        done = run(dsn, "transform", "--job", str(tmp_path / "job.yaml"), "--workers", "2")
        assert done.exit_code == 0, done.output
        assert "applied 20," in done.output
        assert run(dsn, "status").exit_code == 0


def test_the_runbooks_pool_works(program: str, server: Server, sample_database: str) -> None:
    """Beside others of the same pooler, which share their sessions."""
    [block] = re.findall(r"^```ini\n(.*?)^```$", RUNBOOK, re.DOTALL | re.MULTILINE)
    name = str(conninfo_to_dict(sample_database)["dbname"])
    own = block.replace("mlb = host=db.example.org", f"{name} = host={server.home} user=postgres")
    with pooled(program, server, sample_database, "transaction", databases=own) as dsn:
        assert run(dsn, "status").exit_code == 0


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_shared_session_is_refused(
    program: str, server: Server, sample_database: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_POOL_PATIENCE", 0.5)
    with pooled(program, server, sample_database, mode) as dsn:
        done = run(dsn, "status")
        assert done.exit_code == 1
        assert "a pooler in transaction or statement mode is in front of the database" in done.output
        assert "pool_mode = session" in done.output
        with psycopg.connect(dsn, autocommit=True) as next_one:
            left = [next_one.execute(ask).fetchall() for ask in ("SHOW timezone", "SELECT pg_listening_channels()")]
        with psycopg.connect(sample_database) as direct:
            assert left == [direct.execute("SHOW timezone").fetchall(), []], "nothing is left in the pool"


def test_others_in_the_pool_do_not_hide_the_mode(
    program: str, server: Server, sample_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever session of the pool each statement gets."""
    monkeypatch.setattr(session, "_POOL_PATIENCE", 0.2)
    with pooled(program, server, sample_database, "transaction") as dsn:
        busy = [psycopg.connect(dsn) for _ in range(3)]
        for each in busy:
            each.execute("SELECT 1")  # holds a session of the pool until its transaction ends
        for number in range(6):
            with pytest.raises(EtlError, match="transaction or statement mode"):
                db.connect(Settings(dsn, Path(), PACKAGE))
            if number % 2:
                busy[number // 2].rollback()
        for each in busy:
            each.close()


def test_a_pool_with_a_single_session_is_refused(
    program: str, server: Server, sample_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_POOL_PATIENCE", 0.5)
    with pooled(program, server, sample_database, "session", size=1) as dsn:
        started = time.monotonic()
        done = run(dsn, "status")
        assert time.monotonic() - started < 10
    assert done.exit_code == 1
    assert "allows no second connection" in done.output
    assert "pool_size" in done.output


def test_without_a_pooler_there_is_no_second_connection(sample_database: str) -> None:
    def another() -> db.Connection:
        raise AssertionError

    with psycopg.connect(sample_database, autocommit=True) as connection:
        session.prepare(connection, another)
