"""Plays a plan against a store, and lets the auditor look after each step."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import assert_never

from databases import temporary_database

from mlb_etl.stores.embedded.server import Server
from soaking import audit, observed, programs
from soaking.audit import Given
from soaking.content import UNREADABLE
from soaking.observed import Mark, Name, Observed
from soaking.plan import Arrive, Change, Crash, Decide, Fetch, Operate, Plan, Step, Transform
from soaking.programs import Ended
from soaking.world import World

PAST = datetime(2024, 7, 1, 12, tzinfo=UTC)
METHOD = ("--method", "sample.game")
KILLED = -9


@dataclass(frozen=True)
class Places:
    """What all histories share: a server with a database to copy, a lake to copy, a folder, and how processes start."""

    server: Server
    template: str
    lake: Path
    folder: Path
    processes: ForkServerContext


class Wrong(Exception):
    """The auditor objects, or a command ended as none may."""


@dataclass
class Tally:
    """What was done, by kind."""

    histories: int = 0
    steps: int = 0
    commands: int = 0
    killed: int = 0
    servers_killed: int = 0
    faults: int = 0
    captures: int = 0
    quarantined: int = 0


@dataclass
class History:
    """A plan being played."""

    places: Places
    plan: Plan
    tally: Tally
    world: World = field(default_factory=World)
    files: dict[Name, bytes] = field(default_factory=dict)
    highest: dict[int, Mark] = field(default_factory=dict)
    number: int = 0

    def play(self) -> None:
        """Do all steps; raises Wrong with all that the auditor has to say after the first step that is wrong."""
        with ExitStack() as stack:
            stack.enter_context(self.world.served())
            self.folder = self.places.folder / "history"
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            if self.plan.store == "postgres":
                self.dsn = stack.enter_context(temporary_database(self.places.server, self.places.template))
            else:
                self.dsn = f"delta:{shutil.copytree(self.places.lake, self.folder / 'lake')}"
            stack.callback(self.places.server.start)  # before the database is dropped
            self.before = self.look()
            for step in self.plan.steps:
                self._step(step)
                self.tally.steps += 1
            self._end()
            self.tally.captures += len(self.before.captures)
            self.tally.quarantined += len(self.before.quarantine)
        self.tally.histories += 1

    def look(self) -> Observed:
        """What the store holds."""
        if self.plan.store == "delta":
            return observed.in_lake(self.folder / "lake")
        return observed.in_postgres(self.dsn)

    def _step(self, step: Step) -> None:
        match step:
            case Change(content):
                self.world.says[content.game_pk] = content
            case Fetch():
                self._fetch(step)
            case Arrive():
                self._arrive(step)
            case Transform(games, replay, processes, crash):
                words = ["transform", *METHOD, *_games(games), "--workers=1", *["--replay"] * replay, "--format=json"]
                self._run([words] * processes, crash, counted=processes == 1)
            case Decide():
                self._decide(step)
            case Operate(command, crash):
                self._operate(command, crash)
            case _:
                assert_never(step)

    def _fetch(self, step: Fetch) -> None:
        for game, fault in step.faults:
            self.world.faults[game].append(fault)
            self.tally.faults += 1
        since, answered = datetime.now(UTC), len(self.world.answers)
        words = ["ingest", *METHOD, *_games(step.games), "--object-store", "--quiet", "--format=json"]
        [ended] = self._run([[*words, *["--transform"] * step.transform]], step.crash)
        self.world.faults.clear()
        if ended.code in {0, 1} and step.crash is None:
            self._objections(audit.lost_answers(self.world.answers[answered:], self.before, since), ended)

    def _arrive(self, step: Arrive) -> None:
        folder = self.folder / f"files{self.number}"
        folder.mkdir()
        sound = []
        for number, (minute, content) in enumerate(step.captures):
            base = PAST if minute >= 0 else datetime.now(UTC).replace(microsecond=0)
            at = base + timedelta(minutes=abs(minute))
            body = content.body
            self.files[Name(content.game_pk, at, content.digest)] = body
            request = {"endpoint": "sample", "method": "game", "path_params": {"game_pk": str(content.game_pk)}}
            said = json.dumps(request | {"captured_at": at.isoformat(), "status_code": 200})
            (folder / f"{number}.json").write_bytes(said[:-1].encode() + b', "response": ' + body + b"}")
            if content.flaw not in UNREADABLE:
                sound.append(Name(content.game_pk, at, content.digest))
        [ended] = self._run([["load", str(folder), "--format=json"]], step.crash)
        if ended.code in {0, 1} and step.crash is None:
            self._objections(audit.lost_files(sound, self.before), ended)

    def _decide(self, step: Decide) -> None:
        [listed] = self._run([["quarantine", "list", "--format=json"]], None)
        waiting = [each["id"] for each in listed.json]
        chosen = sorted({waiting[which] for which in step.which if which < len(waiting)})
        if chosen:
            words = ["quarantine", step.decision, *map(str, chosen), "--yes", "--format=json"]
            self._run([words if step.decision != "retry" else [each for each in words if each != "--yes"]], step.crash)

    def _operate(self, command: str, crash: Crash | None) -> None:
        if command == "repair --all" and self.plan.store == "delta":
            return  # it is for databases
        words = command.split()
        if command == "replay":
            words += ["--from", str(self.folder / "store"), "--quiet"]
            if not (self.folder / "store").exists():
                return
        self._run([words], crash)

    def _end(self) -> None:
        words = ["transform", *METHOD, "--workers=1", "--format=json"]
        [ended] = self._run([words], None, counted=True)
        self._objections(audit.left_undone(self.before), ended)
        rows = self.before.rows
        [again] = self._run([words], None, counted=True)
        if self.before.rows != rows or any(
            each["inserted"] + each["updated"] for each in again.json["tables"].values()
        ):
            raise Wrong(f"applied again, captures change rows\n{again}")
        [verified] = self._run([["verify", "rows"]], None)
        if verified.code != 0:
            raise Wrong(f"rows differ\n{verified}")

    def _run(self, commands: Sequence[Sequence[str]], crash: Crash | None, *, counted: bool = False) -> list[Ended]:
        """Run commands at once, the first of which may crash, and let the auditor look."""
        self.places.server.start()
        server = int((self.places.server.home / "data" / "postmaster.pid").read_text().split()[0])
        own = {
            "MLB_ETL_DSN": self.dsn, "MLB_ETL_DATA": str(self.folder / "data"), "MLB_ETL_TABLES": "sample_tables",
            "MLB_ETL_BASE_URL": self.world.url, "MLB_ETL_RATE": "off", "MLB_ETL_MAX_BODY": "1",
            "MLB_ETL_OBJECT_STORE": str(self.folder / "store"),
        }  # fmt: skip
        started = []
        for number, words in enumerate(commands):
            of = None if number else crash
            self.number += 1
            output = self.folder / f"output{self.number}"
            started.append(programs.start(self.places.processes, words, own, output, crash=of, server=server))
        done = [each.end() for each in started]
        self.tally.commands += len(done)
        self.tally.killed += sum(each.code == KILLED for each in done)
        up = self.places.server.running()
        self.tally.servers_killed += not up
        self.places.server.start()
        for each in done:
            if each.code not in {0, 1} and not (crash and each is done[0] and each.code == KILLED):
                raise Wrong(f"no command may end so\n{each}")
        self._audit(done, done[0].json["tables"] if counted and up and done[0].code in {0, 1} else None)
        return done

    def _audit(self, done: Sequence[Ended], told: Mapping[str, Mapping[str, int]] | None) -> None:
        before, now, at = self.before, self.look(), datetime.now(UTC)
        given = Given(self.world.answers, self.files)
        found = [*audit.wrong(given, before, now, at), *audit.gone_back(self.highest, now)]
        if told is not None and not before.claimed:
            found += audit.miscounted(told, before, now)
        self.before = now
        self.highest |= now.marks
        self._objections(found, *done)

    def _objections(self, found: Iterator[str] | Sequence[str], *done: Ended) -> None:
        if objections := [*found]:
            raise Wrong("\n".join([*objections, *map(str, done)]))


def _games(games: Sequence[int]) -> list[str]:
    return [f"--param=game_pk={game}" for game in games]
