"""A database that 0.1.0 made, with rows, becomes that of today's wheel: `python tests/upgrade.py FOLDER/bin`.

The code of the release, from this repository's history, loads simulated games. Then the programs in the folder migrate
the database and apply its captures again, which gives the columns and rows that they themselves make in a fresh one.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from checks import some
from databases import create_database, serve
from psycopg import sql

from mlb_etl import registry

ROOT = Path(__file__).resolve().parents[1]
RELEASE = "6ebd468"  # 0.1.0; tests/migrations keeps the sums of its migrations
RUN = "import sys; from mlb_etl.cli import main; sys.exit(main())"
TABLES = "mlb_tables"
METHOD = "game.liveGameV1"
OWN = frozenset({"captured_at", "ingested_at"})  # which capture last changed a row, and when: the ways differ in this
COLUMNS = """
    SELECT column_name, data_type, is_nullable, generation_expression FROM information_schema.columns
    WHERE (table_schema, table_name) = (%s, %s) ORDER BY column_name
"""
Contents = dict[str, tuple[list[Any], list[Any]]]


class Programs:
    """The programs of one version, with its environment."""

    def __init__(self, program: list[str], folder: Path, **environment: str) -> None:
        self._program, self._folder = program, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLB_", "PYTHON"))}
        self._environment = kept | environment

    def run(self, dsn: str, *command: str | Path) -> str:
        """What `mlb-etl` prints; ends this program if it fails."""
        done = subprocess.run(
            [*self._program, *command], env=self._environment | {"MLB_ETL_DSN": dsn}, cwd=self._folder,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"upgrade: {' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def released(folder: Path) -> Programs:
    """The release's programs, run from its files."""
    command = ["git", "archive", RELEASE, "runtime", "generated"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    old = folder / "old"
    old.mkdir()
    subprocess.run(["tar", "-x", "-C", old], input=files, check=True)
    path = os.pathsep.join((f"{old}/runtime", f"{old}/generated"))
    return Programs([sys.executable, "-c", RUN], folder, PYTHONPATH=path)


def contents(dsn: str) -> Contents:
    """The columns and the rows of each table of the package, in an order of their own."""
    found: Contents = {}
    names = {each.qualified_name for each in registry.method(TABLES, METHOD).tables}
    with psycopg.connect(dsn) as connection:
        for name in some(sorted(names)):
            schema, table = name.split(".")
            columns = connection.execute(COLUMNS, (schema, table)).fetchall()
            kept = sql.SQL(", ").join(sql.Identifier(column) for column, *_ in columns if column not in OWN)
            query = sql.SQL("SELECT ROW({})::text FROM {} ORDER BY 1").format(kept, sql.Identifier(schema, table))
            found[name] = columns, connection.execute(query).fetchall()
    return found


def apply(new: Programs, dsn: str, stubs: Path) -> int:
    """Migrate, load the captures and apply them; how many were applied."""
    new.run(dsn, "schema", "init")
    new.run(dsn, "load", stubs)
    done = json.loads(new.run(dsn, "transform", "--method", METHOD, "--format", "json", "--workers", "1"))
    return int(done["documents"]["applied"])


def main(programs: Path) -> None:
    """Run all of it; ends the program where the databases differ."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        new, stubs = Programs([str(programs / "mlb-etl")], folder), folder / "stubs" / "game" / "liveGameV1"
        subprocess.run(
            [programs / "mlb-sim", "write", folder / "stubs", "--games", "1"], check=True, capture_output=True
        )
        for server in serve(None):
            upgraded, fresh = create_database(server), create_database(server)
            old = released(folder)
            old.run(upgraded, "schema", "init")
            old.run(upgraded, "load", stubs, "--transform")
            before = written(upgraded)
            if not apply(new, upgraded, stubs) or not apply(new, fresh, stubs):
                sys.exit("upgrade: nothing was applied")
            compare(contents(upgraded), contents(fresh))
    print(f"upgrade: {before} plays that 0.1.0 wrote, migrated and applied again, equal those of a fresh database")


def written(dsn: str) -> int:
    """The plays that the release wrote, of which there are some, under its own tables alone."""
    with psycopg.connect(dsn) as connection:
        (plays,) = connection.execute("SELECT count(*) FROM game.live_game_plays").fetchone() or (0,)
        (notes,) = connection.execute("SELECT to_regclass('game.live_game_notes')").fetchone() or (None,)
    if not plays or notes is not None:
        sys.exit(f"upgrade: the release wrote {plays} plays, and the tables of later versions are there: {notes}")
    return int(plays)


def compare(upgraded: Contents, fresh: Contents) -> None:
    """End the program where they differ, or have no rows to compare."""
    differing = [name for name in fresh if upgraded[name] != fresh[name]]
    if differing:
        for name in differing[:5]:
            for of, other in zip(upgraded[name], fresh[name], strict=True):
                print(
                    name, [each for each in of if each not in other][:2], [each for each in other if each not in of][:2]
                )
        sys.exit(f"upgrade: other columns or rows than in a fresh database: {', '.join(differing)}")
    if sum(len(rows) for _, rows in fresh.values()) < 100:
        sys.exit("upgrade: there are too few rows to compare")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
