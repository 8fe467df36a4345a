"""How cost grows: with games, with seasons that are stored already, with workers, and views of a full season.

Each figure is a first load into a database of its own, of all tables, by the program that `compare` uses.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

from games import METHOD, Games
from machine import Machine, Program, Run
from partitioning import LAST, fill

from mlb_etl import registry
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.stores.postgres import db, migrate, premake, views
from mlb_etl.stores.postgres.database import Postgres

HERE = Path(__file__).parent
GROWN = "grown"


class Growth:
    """Loads of games, which repeat those that are given."""

    def __init__(self, machine: Machine, games: Games, rounds: int) -> None:
        self._machine, self._games, self._rounds = machine, games, rounds
        self._settings = machine.settings(GROWN, TABLES)
        self._tables = [table.qualified_name for table in registry.method(TABLES, METHOD).tables]

    def games(self, numbers: Sequence[int], workers: int) -> dict[str, dict[str, float]]:
        """A first load of so many games, by number; the memory is that of the largest process."""
        return {str(number): self._first_load(number, workers) for number in numbers}

    def workers(self, numbers: Sequence[int], games: int) -> dict[str, dict[str, float]]:
        """The same games by so many workers, by number."""
        return {str(number): self._first_load(games, number) for number in numbers}

    def seasons(self, numbers: Sequence[int], games: int, a_season: int) -> dict[str, dict[str, float]]:
        """A first load of some games where so many seasons are stored in the largest tables, by number."""
        return {str(number): self._first_load(games, 1, (number, a_season)) for number in numbers}

    def views(self, games: int) -> dict[str, dict[str, float]]:
        """Milliseconds to fill each materialized view from so many games, and to refresh it after a game changed."""
        found: dict[str, dict[str, float]] = {}
        with self._machine.database(GROWN):
            self._prepare(games)
            self._load(2)
            for name in ("filled", "one game changed"):
                with db.connect(self._settings) as connection:
                    for view in views.materialized_views(connection, TABLES, []):
                        took = views.refresh(connection, view).seconds * 1000
                        found.setdefault(view.qualified_name, {})[name] = took
                Games(self._games.responses[:1], 1).store(Postgres(self._settings), minutes=1, rows=1)
                self._load(1)
        return found

    def _first_load(self, games: int, workers: int, stored: tuple[int, int] = (0, 0)) -> dict[str, float]:
        """The medians of all rounds, a game."""
        runs = []
        for _ in range(self._rounds):
            with self._machine.database(GROWN):
                self._prepare(games, *stored)
                runs.append(self._load(workers))
        names = ("ms", "client_cpu", "server_cpu", "rows", "wal")
        found = {name: median(getattr(run, name) for run in runs) / games for name in names}
        return found | {"peak_mb": max(run.peak_mb for run in runs)}

    def _prepare(self, games: int, seasons: int = 0, a_season: int = 0) -> None:
        """Make the tables, fill seasons, and store the captures of the games."""
        with db.connect(self._settings) as connection:
            migrate.apply_pending(connection, TABLES)
            for season in range(LAST - seasons + 1, LAST + 1):
                premake.make(connection, TABLES, date(season, 3, 1), date(season, 3, 1))
            if seasons:
                fill(connection, registry.method(TABLES, METHOD), seasons, a_season)
        Games(self._games.responses, games).store(Postgres(self._settings))

    def _load(self, workers: int) -> Run:
        folder = self._machine.folder / "work"
        folder.mkdir()
        told = {"dsn": self._machine.dsn(GROWN), "package": TABLES, "folder": str(folder), "workers": workers}
        command = [sys.executable, str(HERE / "contenders" / "ours.py"), json.dumps(told)]
        with Program(command, [HERE]) as program:
            run = self._machine.clock(program.load, GROWN, self._tables)
        shutil.rmtree(folder)
        return run
