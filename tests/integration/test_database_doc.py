"""docs/database.md: its statements and commands run as they stand there, and its table of settings is true."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from databases import temporary_folder

from mlb_etl.stores.embedded.accounts import OWN
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.session import OLDEST, PINNED

PAGE = (Path(__file__).parents[2] / "docs" / "database.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SQL = [text for language, text in BLOCKS if language == "sql"]
SHELL = [text for language, text in BLOCKS if language == "sh"]


@pytest.fixture
def administered(server: Server) -> Iterator[Server]:
    yield server
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS mlb WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS mlb_owner, mlb_writer, mlb_reader")


def shell(block: str, **environment: str) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    known = {name: value for name, value in os.environ.items() if not name.startswith("MLB_ETL")}
    done = subprocess.run(
        ["sh", "-eux", "-c", block],
        env=known | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_database_works(administered: Server) -> None:
    make, compress = SQL
    first, second, identity, compare, _ = SHELL
    with psycopg.connect(administered.url(), autocommit=True) as admin:
        for statement in filter(str.strip, make.split(";")):
            admin.execute(statement.encode())

    def dsn(role: str) -> str:
        return administered.url("mlb").replace("postgres@", f"{role}@")

    for block, role in (first, "mlb_owner"), (second, "mlb_writer"):
        there = f"postgresql://{role}@db.example.org/mlb"
        assert there in block
        shell(block.replace(there, f"'{dsn(role)}'"))
    shell(identity, MLB_ETL_DSN=dsn("mlb_writer"))
    with psycopg.connect(dsn("mlb_owner")) as connection:
        connection.execute(compress.encode())
    assert '"differences": []' in shell(compare, MLB_ETL_DSN=dsn("mlb_writer"))
    with psycopg.connect(dsn("mlb_reader")) as connection:
        assert connection.execute("SELECT count(*) FROM game.live_game_plays").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM game.pitch_arsenal, game.pitches").fetchone() == (0,)


def test_its_embedded_server_works() -> None:
    folder = temporary_folder()
    try:
        shell(SHELL[4], MLB_ETL_DATA=str(folder / "data"))
    finally:
        Server(folder / "data" / "postgres").stop()
        shutil.rmtree(folder)


def test_what_it_says_is_so() -> None:
    table = PAGE.partition("| setting | value |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", re.sub(r"\|[^|\n]*\|[^|\n]*\|$", "|", table, flags=re.MULTILINE))) == set(PINNED)
    assert f"PostgreSQL {OLDEST} or newer" in PAGE
    assert f"from {OWN[0]} to {OWN[-1]}" in PAGE
