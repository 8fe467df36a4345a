"""docs/runbook.md: each block runs, in the situation that its section is about, with roles that may do no more."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import unmeasured
from checks import some
from databases import FAST, temporary_folder
from psycopg.conninfo import make_conninfo
from samples import write

from mlb_etl import registry
from mlb_etl.apply import transform
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded import binaries
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.database import Postgres
from mlb_sim import Simulator, serve, times

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = {
    title: re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for title, text in re.findall(r"^##? (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
}
[ADMIN, *_] = re.findall(r"^```sql\n(.*?)^```$", (ROOT / "docs" / "database.md").read_text(), re.DOTALL | re.MULTILINE)
METHOD, GAME = "game.liveGameV1", 747175
HASHED = "SELECT count(*), sum(hashtextextended((to_jsonb(t) - 'ingested_at' - 'captured_at')::text, 0)) FROM {} AS t"
ONE = f"FROM game.live_game_venue_details WHERE game_pk = {GAME}"
# What the simulated league plays, and half of what a whole year takes.
INSTEAD = {"2024-10-25": "2024-03-22", "2028-12": "2028-01"}


@dataclass
class Stage:
    """A server on which an administrator who is not a superuser made the roles, and a simulated API."""

    server: Server
    simulator: Simulator
    folder: Path
    environment: dict[str, str]

    def run(self, commands: str, *, code: int = 0, **settings: str) -> str:
        done = subprocess.run(
            ["sh", "-eux", "-c", commands],
            cwd=self.folder, env=self.environment | settings, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, f"{commands}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def dsn(self, role: str, database: str = "mlb") -> str:
        return make_conninfo(self.server.url(database), user=role)

    def execute(self, statement: str) -> list[Any]:
        """As the owner."""
        with psycopg.connect(self.dsn("mlb_owner"), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def tables(self) -> dict[str, Any]:
        """All rows of the method but for their times, and what the tables show."""
        names = [table.qualified_name for table in registry.method("mlb_tables", METHOD).tables]
        found = {name: self.execute(HASHED.format(name)) for name in some(names)}
        shown = "SELECT document ->> 'game_pk', as_of, encode(content_hash, 'hex') FROM etl.watermark ORDER BY 1"
        return found | {"watermarks": self.execute(shown)}


def administer(server: Server, statements: str) -> None:
    """Run the statements of docs/database.md as an administrator who is not a superuser."""
    with psycopg.connect(server.url(), autocommit=True) as superuser:
        superuser.execute("DROP ROLE IF EXISTS admin")
        superuser.execute("CREATE ROLE admin LOGIN CREATEROLE CREATEDB")
    with psycopg.connect(make_conninfo(server.url(), user="admin"), autocommit=True) as admin:
        for statement in some(filter(str.strip, statements.split(";"))):
            admin.execute(statement.encode())


@pytest.fixture
def stage() -> Iterator[Stage]:
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST)
    simulator = Simulator(1, 2024, first_game_pk=GAME, speed=0)
    simulator.clock.set(times.at(date(2024, 3, 23), 20, offset=-4))
    known = {name: value for name, value in unmeasured.environment().items() if not name.startswith(("MLB_", "PG"))}
    try:
        server.start()
        administer(server, ADMIN)
        rules = server.home / "data" / "pg_hba.conf"
        rules.write_text(f"local all mlb_writer scram-sha-256\n{rules.read_text()}")
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("SELECT pg_reload_conf()")
        with serve(simulator) as api:
            found = Stage(server, simulator, folder, known)
            found.environment |= {
                "PATH": f"{Path(sys.executable).parent}:{binaries.find_programs('pg_dump')}:{known['PATH']}",
                "PGPASSFILE": passwords(folder / "passwords", "writer"),
                "OWNER": found.dsn("mlb_owner"),
                "MLB_ETL_DSN": found.dsn("mlb_writer"),
                "MLB_ETL_OBJECT_STORE": str(folder / "captures"),
                "MLB_ETL_DATA": str(folder / "data"),
                "MLB_ETL_BASE_URL": api.url,
                "MLB_ETL_RATE": "off",
            }
            yield found
    finally:
        server.stop()
        shutil.rmtree(folder)


def passwords(file: Path, password: str) -> str:
    file.write_text(f"*:*:*:mlb_writer:{password}\n")
    file.chmod(0o600)
    return str(file)


def captured(stage: Stage, day: str) -> None:
    stage.run(f"mlb-etl ingest --job game_live_date --date {day} --object-store --transform")


# --------------------------------------------------------- the situations: each runs what follows in the given function


def a_loss(stage: Stage, follow: Callable[[], list[str]]) -> None:
    """A response that lacks all plays."""
    feed = httpx.get(f"{stage.environment['MLB_ETL_BASE_URL']}/api/v1.1/game/{GAME}/feed/live").json()
    feed["liveData"]["plays"]["allPlays"] = []
    request = {"endpoint": "game", "method": "liveGameV1", "path_params": {"game_pk": str(GAME)}, "query_params": {}}
    facts = {"url": "", "status_code": 200, "captured_at": datetime.now(UTC).isoformat(), "response": feed}
    write(stage.folder / "loss.json", request | facts)
    stage.run("mlb-etl load loss.json --transform", code=1)
    assert "quarantined" in stage.run("mlb-etl status", code=1)
    follow()
    stage.run("mlb-etl status")


def a_bad_mapping(stage: Stage, follow: Callable[[], list[str]]) -> None:
    """A package that takes the state for the city, without a migration; then the one of before again."""
    before = stage.tables()
    bad = stage.folder / "bad"
    shutil.copytree(ROOT / "generated" / "mlb_tables", bad / "mlb_tables")
    module = bad / "mlb_tables" / "game" / "live_game_v1"
    for name, old, new in (
        ("live_game_venue_details.py", "            location.city,\n", "            location.state,\n"),
        ("method.py", 'fingerprint="', 'fingerprint="0'),
    ):
        text = (module / name).read_text()
        assert old in text
        (module / name).write_text(text.replace(old, new, 1))
    stage.run(f"mlb-etl transform --method {METHOD}", PYTHONPATH=str(bad))
    assert stage.execute(f"SELECT city = state {ONE}") == [(True,)]
    assert stage.tables() != before
    follow()
    assert stage.execute(f"SELECT city = state {ONE}") == [(False,)]
    assert stage.tables() == before


def a_lost_database(stage: Stage, follow: Callable[[], list[str]]) -> None:
    """After the dump more was captured; the database is lost, and the store is all that has it."""
    dump = SECTIONS["Back up and restore"].pop(0)
    assert dump.startswith("pg_dump ")
    stage.run(dump)
    captured(stage, "2024-03-23")
    before = stage.tables()
    raw = "SELECT request, captured_at, seen, content_hash FROM game.live_game_v1 WHERE url <> '' ORDER BY 1, 2, 4"
    kept = stage.execute(raw)
    with psycopg.connect(make_conninfo(stage.server.url(), user="admin"), autocommit=True) as admin:
        admin.execute("DROP DATABASE mlb")
        for statement in some(each for each in ADMIN.split(";") if each.strip() and "CREATE ROLE" not in each):
            admin.execute(statement.encode())
    told = follow()
    assert re.search(r"stored [1-9]\d*, ", told[0])
    assert stage.execute(raw) == kept
    assert stage.tables() == before


def a_password_changed(stage: Stage, follow: Callable[[], list[str]]) -> None:
    """While a run goes on: its session does, and the next connection with the old password does not."""
    old = passwords(stage.folder / "old", "writer")
    settings = Settings(make_conninfo(stage.dsn("mlb_writer"), passfile=old), stage.folder, "mlb_tables")
    told: list[str] = []

    def rotate(_done: int, _total: int) -> None:
        if not told:
            told.extend(follow())

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transform, "BATCH", 1)
        run = Pipeline(registry.method("mlb_tables", METHOD), Postgres(settings)).run({}, "again", progress=rotate)
    assert (run.documents.applied > 1, run.documents.quarantined) == (True, 0)
    assert len(told) == 1
    refused = stage.run("mlb-etl status", code=1, PGPASSFILE=old)
    assert 'password authentication failed for user "mlb_writer"' in refused


def changed_by_hand(stage: Stage, follow: Callable[[], list[str]]) -> None:
    before = stage.tables()
    stage.execute("UPDATE game.live_game_linescore SET home_runs_scored = 99 WHERE game_pk = 747175 AND inning = 1")
    stage.execute("DELETE FROM game.live_game_umpires WHERE game_pk = 747175")
    listed, mended = follow()
    assert {"missing", "different"} <= set(re.findall(r"missing|different|extra", listed))
    assert "live_game_umpires" in listed
    assert "99" not in mended
    assert stage.tables() == before


def as_it_is(_: Stage, follow: Callable[[], list[str]]) -> None:
    follow()


SITUATIONS: dict[str, Callable[[Stage, Callable[[], list[str]]], None]] = {
    "Captures wait in quarantine": a_loss,
    "A bad mapping": a_bad_mapping,
    "Back up and restore": a_lost_database,
    "Rotate credentials": a_password_changed,
    "A table was changed by hand": changed_by_hand,
}
ENDS_WITH = {("A table was changed by hand", 0): 1}


@pytest.mark.timeout(600)
def test_the_page_is_followed(stage: Stage) -> None:
    """Section after section, as the page has them, in one database."""
    setup, first = SECTIONS.pop("Runbook")
    assert re.findall(r"^export (\w+)=", setup, re.MULTILINE) == ["MLB_ETL_DSN", "OWNER", "MLB_ETL_OBJECT_STORE"]
    stage.run("MLB_ETL_DSN=$OWNER mlb-etl schema init; MLB_ETL_DSN=$OWNER mlb-etl schema roles --apply")
    captured(stage, "2024-03-22")
    stage.run(first)
    for title, blocks in SECTIONS.items():
        SITUATIONS.get(title, as_it_is)(stage, partial(_follow, stage, title, blocks))
    assert SITUATIONS.keys() | {title for title, _ in ENDS_WITH} <= SECTIONS.keys()


def _follow(stage: Stage, title: str, blocks: list[str]) -> list[str]:
    """What the section's blocks print."""
    told = []
    for number, block in enumerate(re.sub("|".join(INSTEAD), lambda text: INSTEAD[text[0]], each) for each in blocks):
        told.append(stage.run(block, code=ENDS_WITH.get((title, number), 0)))
    return told


@pytest.mark.parametrize("name", ["server", "server15"])
def test_an_administrator_needs_no_superuser(name: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    try:
        administer(server, ADMIN)
        with closing(psycopg.connect(make_conninfo(server.url("mlb"), user="mlb_owner"))) as owner:
            owner.execute("CREATE SCHEMA etl")
        with (
            closing(psycopg.connect(make_conninfo(server.url("mlb"), user="mlb_reader"))) as reader,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            reader.execute("CREATE TEMPORARY TABLE x ()")
    finally:
        with psycopg.connect(server.url(), autocommit=True) as superuser:
            superuser.execute("DROP DATABASE IF EXISTS mlb WITH (FORCE)")
            superuser.execute("DROP ROLE IF EXISTS mlb_owner, mlb_writer, mlb_reader, admin")
