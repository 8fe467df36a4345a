"""One of a history's stores: the commands that a step runs on it, and the auditor's look at it after each."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, assert_never

from databases import create_template, temporary_database

from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.embedded.server import Server
from soaking import audit, observed, programs
from soaking.audit import Given
from soaking.content import UNREADABLE, Subject
from soaking.observed import Mark, Name, Observed
from soaking.plan import (
    TOLERATED,
    Arrive,
    Crash,
    Decide,
    Fetch,
    Follow,
    Migrate,
    Operate,
    Retain,
    Step,
    Transform,
)
from soaking.programs import Command, Ended, Wrong
from soaking.world import LARGEST, World

PAST = datetime(2024, 7, 1, 12, tzinfo=UTC)
KILLED = -9


@dataclass(frozen=True)
class Places:
    """What all histories share: a server, a folder, and how processes start."""

    server: Server
    folder: Path
    processes: ForkServerContext
    made: dict[str, tuple[str, Path]] = field(default_factory=dict)

    def empty(self, package: str) -> tuple[str, Path]:
        """A database and a lake with the tables of a package, to be copied."""
        if package not in self.made:
            lake = self.folder / f"lake_{package}"
            schema.apply(Lake.at(str(lake)), package)
            self.made[package] = create_template(self.server, package), lake
        return self.made[package]


@dataclass
class Tally:
    """What was done, by kind."""

    histories: int = 0
    steps: int = 0
    commands: int = 0
    killed: int = 0
    servers_killed: int = 0
    faults: int = 0
    wrong_clocks: int = 0
    dropped: int = 0
    migrated: int = 0
    polls: int = 0
    captures: int = 0
    quarantined: int = 0


@dataclass
class Store:
    """A database or a lake, in a folder of its own."""

    kind: str
    subject: Subject
    dsn: str
    folder: Path
    places: Places
    world: World
    tally: Tally
    files: dict[Name, bytes] = field(default_factory=dict)
    accepted: set[Name] = field(default_factory=set)
    highest: dict[int, Mark] = field(default_factory=dict)
    migrated: bool = False
    number: int = 0

    @classmethod
    @contextmanager
    def made(cls, kind: str, subject: Subject, places: Places, world: World, tally: Tally) -> Iterator["Store"]:
        """A new store, as long as the block lasts."""
        folder = places.folder / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        template, lake = places.empty(subject.packages[0])
        if kind == "delta":
            dsn = f"delta:{shutil.copytree(lake, folder / 'lake')}"
            yield cls(kind, subject, dsn, folder, places, world, tally)
            return
        with temporary_database(places.server, template) as dsn:
            try:
                yield cls(kind, subject, dsn, folder, places, world, tally)
            finally:
                places.server.start()  # it may have been killed

    def __post_init__(self) -> None:
        self.before = self.look()

    def look(self) -> Observed:
        """What the store holds."""
        if self.kind == "delta":
            return observed.in_lake(self.subject, self.folder / "lake")
        return observed.in_postgres(self.subject, self.dsn)

    def do(self, step: Step) -> None:
        """Do a step; raises Wrong with all that the auditor has to say after a command."""
        match step:
            case Fetch():
                self._fetch(step)
            case Arrive():
                self._arrive(step)
            case Transform():
                self._transform(step)
            case Decide():
                self._decide(step)
            case Operate(command, crash):
                self._operate(command, crash)
            case Retain(month, crash):
                self._retain(datetime(2024, month, 1, tzinfo=UTC), crash)
            case Migrate(crash):
                self._migrate(crash)
            case Follow():
                self._follow(step)
            case _:
                assert_never(step)

    def end(self) -> None:
        """Apply all that is left, twice; raises Wrong if anything is left then, or is done the second time."""
        words = ["transform", *self._method, "--workers=1", "--format=json"]
        [ended] = self._run([words], None, counted=True)
        self._object(audit.left_undone(self.before, migrated=self.migrated), ended)
        shown = self.before.written
        [again] = self._run([words], None, counted=True)
        if again.json["documents"]["applied"] or self.before.written != shown:
            raise Wrong(f"captures are applied again\n{again}")
        [verified] = self._run([["verify", "rows"]], None)
        if verified.code != 0:
            raise Wrong(f"rows differ\n{verified}")
        self.tally.captures += len(self.before.captures)
        self.tally.quarantined += len(self.before.quarantine)

    def _fetch(self, step: Fetch) -> None:
        self.world.says |= {each.game_pk: each for each in step.changes}
        self._plan_faults(step.faults)
        self.world.clock = timedelta(minutes=step.clock)
        self.tally.wrong_clocks += step.clock != 0
        since, answered = datetime.now(UTC) + self.world.clock, len(self.world.answers)
        words = ["ingest", *self._method, *_games(step.games), "--object-store", "--quiet", "--format=json"]
        [ended] = self._run([[*words, *["--transform"] * step.transform]], step.crash, counted=step.transform)
        self.world.faults.clear()
        self.world.clock = timedelta(0)
        if ended.code in {0, 1} and step.crash is None and step.clock <= TOLERATED:  # else it refuses to capture
            self._object(audit.lost_answers(self.world.answers[answered:], self.before, since), ended)

    def _plan_faults(self, faults: Iterable[tuple[int, str]]) -> None:
        for game, fault in faults:
            self.world.faults[game].append(fault)
            self.tally.faults += 1

    def _transform(self, step: Transform) -> None:
        words = ["transform", *self._method, *_games(step.games), "--workers=1", *["--replay"] * step.replay]
        self._run([[*words, "--format=json"]] * step.processes, step.crash, counted=step.processes == 1)

    def _arrive(self, step: Arrive) -> None:
        folder = self.folder / f"files{self.number}"
        folder.mkdir()
        sound = []
        for number, (day, content) in enumerate(step.captures):
            base = PAST if day >= 0 else datetime.now(UTC).replace(microsecond=0)
            at = base + timedelta(days=abs(day))
            body = content.body
            self.files[Name(content.game_pk, at, content.digest)] = body
            request = {"endpoint": "sample", "method": "game", "path_params": {"game_pk": str(content.game_pk)}}
            said = json.dumps(request | {"captured_at": at.isoformat(), "status_code": 200})
            (folder / f"{number}.json").write_bytes(said[:-1].encode() + b', "response": ' + body + b"}")
            if content.flaw not in UNREADABLE:
                sound.append(Name(content.game_pk, at, content.digest))
        words = ["load", str(folder), *["--transform"] * step.transform, "--format=json"]
        [ended] = self._run([words], step.crash, counted=step.transform)
        if ended.code in {0, 1} and step.crash is None:
            self._object(audit.lost_files(sound, self.before), ended)

    def _follow(self, step: Follow) -> None:
        self._plan_faults(step.faults)
        since, answered = datetime.now(UTC), len(self.world.answers)
        self.world.follow(step.polls, step.pace)
        games = [f"--game-pk={game}" for game in step.games]
        done = self._run([["live", *games, "--interval=1", "--give-up-after=0.1", "--object-store"]], step.crash)
        self.world.enough.clear()
        self.tally.polls += len(self.world.answers) - answered
        self.world.faults.clear()
        polled = self.world.answers[answered:]  # a game is polled again when its answer before is kept
        kept = [each for place, each in enumerate(polled) if each.game_pk in {of.game_pk for of in polled[place + 1 :]}]
        self._object(audit.lost_answers(kept, self.before, since), *done)

    def _decide(self, step: Decide) -> None:
        waiting = {note.number: name for name, note in self.before.quarantine.items() if note.state == "waiting"}
        chosen = {
            number for place, number in enumerate(sorted(waiting, key=waiting.__getitem__)) if place in step.which
        }
        if chosen:
            if step.decision == "accept":
                self.accepted |= {waiting[number] for number in chosen}
            words = ["quarantine", step.decision, *map(str, sorted(chosen)), "--format=json"]
            self._run([[*words, *["--yes"] * (step.decision != "retry")]], step.crash)

    def _operate(self, command: str, crash: Crash | None) -> None:
        if command == "repair --all" and self.kind == "delta":
            return  # it is for databases
        words = command.split()
        if command == "replay":
            words += ["--from", str(self.folder / "store"), "--quiet"]
            if not (self.folder / "store").exists():
                return
        self._run([words], crash)

    def _retain(self, kept_from: datetime, crash: Crash | None) -> None:
        if self.kind == "delta":
            return  # a lake keeps all captures
        words, held = ["schema", "partitions", f"--drop-before={kept_from:%Y-%m}", "--yes"], len(self.before.captures)
        self._until_done(words, crash, kept_from=kept_from)
        self.tally.dropped += held - len(self.before.captures)

    def _migrate(self, crash: Crash | None) -> None:
        if self.migrated:
            return
        self.migrated = True
        self.tally.migrated += 1
        ended = self._until_done(["schema", "init"], crash, rebuilt=True)
        if ended.code != 0:  # a table has rows
            ended = self._until_done(["rebuild", "--table=sample.plays"], crash, rebuilt=True)
        if ended.code != 0:
            raise Wrong(f"the schema was not migrated\n{ended}")
        self._run([["transform", *self._method, "--workers=1", "--format=json"]], None, counted=True)

    def _until_done(self, words: Sequence[str], crash: Crash | None, **known: Any) -> Ended:
        """Run a command, and again if it or the server was killed, as only then what it does is whole."""
        done, up = self._commands([words], crash)
        if not up or done[0].code == KILLED:
            done, _ = self._commands([words], None)
        self._audit(done, **known)
        return done[0]

    def _run(self, commands: Sequence[Sequence[str]], crash: Crash | None, *, counted: bool = False) -> list[Ended]:
        """Run commands at once, the first of which may crash, and let the auditor look."""
        done, up = self._commands(commands, crash)
        said = done[0].json if counted and up and done[0].code in {0, 1} else {}
        self._audit(done, said.get("transform", said) or None)  # other commands transform, too
        return done

    @property
    def _method(self) -> tuple[str, str]:
        return "--method", self.subject.method

    def _commands(self, commands: Sequence[Sequence[str]], crash: Crash | None) -> tuple[list[Ended], bool]:
        """How commands that run at once ended, and whether the server is still up."""
        self.places.server.start()
        server = int((self.places.server.home / "data" / "postmaster.pid").read_text().split()[0])
        own = {
            "MLB_ETL_DSN": self.dsn, "MLB_ETL_DATA": str(self.folder / "data"),
            "MLB_ETL_TABLES": self.subject.packages[self.migrated],
            "MLB_ETL_BASE_URL": self.world.url, "MLB_ETL_RATE": "off", "MLB_ETL_MAX_BODY": str(LARGEST >> 20),
            "MLB_ETL_OBJECT_STORE": str(self.folder / "store"),
        }  # fmt: skip
        started = []
        for number, words in enumerate(commands):
            self.number += 1
            output = self.folder / f"output{self.number}"
            command = Command(words, own, output, None if number else crash, server, self.world.clock)
            started.append(programs.start(self.places.processes, command))
        done = [each.end(self.world.enough) for each in started]
        self.tally.commands += len(done)
        self.tally.killed += sum(each.code == KILLED for each in done)
        up = self.places.server.running()
        self.tally.servers_killed += not up
        self.places.server.start()
        for each in done:
            if each.code not in {0, 1} and not (crash and each is done[0] and each.code == KILLED):
                raise Wrong(f"no command may end so\n{each}")
        return done, up

    def _audit(self, done: Sequence[Ended], told: Mapping[str, Any] | None = None, **known: Any) -> None:
        before, now, at = self.before, self.look(), datetime.now(UTC)
        given = Given(self.world.answers, self.files, self.accepted)
        found = [*audit.wrong(given, before, now, at, **known), *audit.gone_back(given, self.highest, now)]
        if told is not None and not before.claimed:
            found += audit.miscounted(told, before, now)
        self.before = now
        self.highest |= now.marks
        self._object(found, *done)

    def _object(self, found: Iterable[str], *done: Ended) -> None:
        if objections := [*found]:
            raise Wrong("\n".join([*objections, *map(str, done)]))


def _games(games: Sequence[int]) -> list[str]:
    return [f"--param=game_pk={game}" for game in games]
