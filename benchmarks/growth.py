"""How cost grows: with games, with seasons that are stored already, with workers, and views of a full season.

Each figure is a first load into a database of its own, of all tables, by the program that `compare` uses.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from games import METHOD, Games
from machine import Machine, Program, Run, medians
from partitioning import LAST, fill

from mlb_etl import registry
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.stores.postgres import db, migrate, premake, views
from mlb_etl.stores.postgres.database import Postgres

HERE = Path(__file__).parent
GROWN = "grown"
_STORED = """
SELECT sum(pg_total_relation_size(part.relid)) FROM unnest(%s::regclass[]) AS t (name)
CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(t.name) UNION SELECT t.name) AS part
"""
_QUESTIONS = {  # of one game, as a page of it asks
    "plays of a game": "SELECT * FROM game.live_game_plays WHERE game_pk = %s",
    "pitches of a game": "SELECT * FROM game.pitches WHERE game_pk = %s",
}
_ASKED = 200


@dataclass(frozen=True, slots=True)
class Case:
    """Games to load, by so many workers, where seasons of so many games are stored."""

    games: int
    workers: int
    seasons: int = 0
    a_season: int = 0


class Growth:
    """Loads of games, which repeat those that are given."""

    def __init__(self, machine: Machine, games: Games, rounds: int) -> None:
        self._machine, self._games, self._rounds = machine, games, rounds
        self._settings = machine.settings(GROWN, TABLES)
        self._tables = [table.qualified_name for table in registry.method(TABLES, METHOD).tables]

    def games(self, numbers: Sequence[int], workers: int) -> dict[str, dict[str, float]]:
        """A first load of so many games, by number; the memory is that of the largest process."""
        return self._in_turns({str(number): Case(number, workers) for number in numbers})

    def workers(self, numbers: Sequence[int], games: int) -> dict[str, dict[str, float]]:
        """The same games by so many workers, by number."""
        return self._in_turns({str(number): Case(games, number) for number in numbers})

    def seasons(self, numbers: Sequence[int], games: int, a_season: int) -> dict[str, dict[str, float]]:
        """A first load of some games where so many seasons are stored in the largest tables, by number."""
        return self._in_turns({str(number): Case(games, 1, number, a_season) for number in numbers})

    def views(self, games: int) -> dict[str, dict[str, float]]:
        """Milliseconds to fill each materialized view from so many games, and to refresh it after a game changed."""
        found: dict[str, dict[str, float]] = {}
        with self._machine.database(GROWN):
            self._prepare(Case(games, 2))
            self._load(2)
            for name in ("filled", "one game changed"):
                with db.connect(self._settings) as connection:
                    for view in views.materialized_views(connection, TABLES, []):
                        took = views.refresh(connection, view).seconds * 1000
                        found.setdefault(view.qualified_name, {})[name] = took
                Games(self._games.responses[:1], 1).store(Postgres(self._settings), minutes=1, rows=1)
                self._load(1)
        return found

    def stored(self, games: int) -> dict[str, float]:
        """Bytes a game of the tables with their indexes, and of its capture in the raw table."""
        with self._machine.database(GROWN):
            self._prepare(Case(games, 2))
            self._load(2)
            raw = registry.method(TABLES, METHOD).qualified_raw_table
            with db.connect(self._settings) as connection:
                sizes = [connection.execute(_STORED, [names]).fetchall()[0][0] for names in (self._tables, [raw])]
        return {name: float(size) / games for name, size in zip(("tables", "raw"), sizes, strict=True)}

    def questions(self, games: int) -> dict[str, dict[str, float]]:
        """What one reader asks of one game after another, where so many are stored: medians of a question."""
        with self._machine.database(GROWN):
            self._prepare(Case(games, 2))
            self._load(2)
            with db.connect(self._settings) as connection:
                connection.execute("ANALYZE")
                pks = [row[0] for row in connection.execute("SELECT game_pk FROM game.live_game_metadata")]
            return {name: self._asked(text, pks) for name, text in _QUESTIONS.items()}

    def _asked(self, text: str, pks: Sequence[int]) -> dict[str, float]:
        def ask() -> None:
            with db.connect(self._settings) as connection:
                for number in range(_ASKED):
                    connection.execute(text, [pks[number % len(pks)]]).fetchall()

        runs = [self._machine.clock(ask, GROWN) for _ in range(self._rounds)]
        return {name: medians(runs, _ASKED)[name] for name in ("ms", "client_cpu", "server_cpu")}

    def _in_turns(self, cases: Mapping[str, Case]) -> dict[str, dict[str, float]]:
        """The medians of all rounds, a game."""
        runs: dict[str, list[Run]] = {name: [] for name in cases}
        for _ in range(self._rounds):
            for name, case in cases.items():
                with self._machine.database(GROWN):
                    self._prepare(case)
                    runs[name].append(self._load(case.workers))
                print(f"{case}: {runs[name][-1].ms / case.games:.1f} ms a game", file=sys.stderr)
        return {name: medians(its, cases[name].games) for name, its in runs.items()}

    def _prepare(self, case: Case) -> None:
        """Make the tables, fill seasons, and store the captures of the games."""
        with db.connect(self._settings) as connection:
            migrate.apply_pending(connection, TABLES)
            for season in range(LAST - case.seasons + 1, LAST + 1):
                premake.make(connection, TABLES, date(season, 3, 1), date(season, 3, 1))
            if case.seasons:
                fill(connection, registry.method(TABLES, METHOD), case.seasons, case.a_season)
        Games(self._games.responses, case.games).store(Postgres(self._settings))

    def _load(self, workers: int) -> Run:
        folder = self._machine.folder / "work"
        folder.mkdir()
        told = {"dsn": self._machine.dsn(GROWN), "package": TABLES, "folder": str(folder), "workers": workers}
        command = [sys.executable, str(HERE / "contenders" / "ours.py"), json.dumps(told)]
        with Program(command, [HERE]) as program:
            run = self._machine.clock(program.load, GROWN, self._tables)
        shutil.rmtree(folder)
        return run
