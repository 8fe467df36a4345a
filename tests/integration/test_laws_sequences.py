"""Whatever captures come in whatever order and split, and whatever is decided on them: the tables equal the model."""

import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import feeds
import pytest
from delta_lake import DeltaLaws
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from laws import Done, Laws, Model, Snapshot, documents, nonzero, snapshot, together
from memory_database import MemoryLaws
from sample_tables.game import METHOD
from samples import PACKAGE, at, response
from variants import Variant

from mlb_etl.apply import transform
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.verdict import Policy

GAMES = 2
_fresh = count(1, GAMES)  # each example has games of its own, so that none has to clear the tables


def examples(number: int) -> settings:
    """So many, on purpose in one database; to shrink one that fails would take minutes."""
    phases = set(Phase) - {Phase.shrink, Phase.explain}
    return settings(max_examples=number, phases=phases, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Arrival:
    """A capture of one of the games, with a content that is made when its number is known."""

    game: int
    minute: int
    timecode: int | None
    content: Any


@dataclass(frozen=True)
class Run:
    games: tuple[int, ...]
    batch: int
    policy: Policy


@dataclass(frozen=True)
class Decision:
    """A decision on some captures in quarantine, if there are any."""

    kind: str
    which: tuple[int, ...]


Step: TypeAlias = Arrival | Run | Decision

games = st.integers(0, GAMES - 1)
minutes = st.integers(0, 7)
runs = st.builds(
    Run,
    st.lists(games, min_size=1, unique=True).map(tuple),
    st.integers(1, 3),
    st.sampled_from(["new", "new", "new", "again"]),
)
decisions = st.builds(
    Decision,
    st.sampled_from(["retry", "accept", "drop"]),
    st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple),
)


def arrivals(contents: st.SearchStrategy[Any]) -> st.SearchStrategy[Arrival]:
    return st.builds(Arrival, games, minutes, st.none() | st.none() | minutes, contents)


def sequences(contents: st.SearchStrategy[Any], size: int) -> st.SearchStrategy[list[Step]]:
    """Steps in which every other arrival has one of a few contents, so that contents recur."""

    def of(some: list[Any]) -> st.SearchStrategy[list[Step]]:
        one, again = arrivals(contents), arrivals(st.sampled_from(some))
        step: st.SearchStrategy[Step] = st.one_of(one, again, one, again, runs, runs, decisions)
        return st.lists(step, min_size=1, max_size=size)

    return st.lists(contents, min_size=1, max_size=3).flatmap(of)


# -------------------------------------------------------------------------------------------- the synthetic method

PLAYS: list[dict[str, Any]] = [{"index": n, "rbi": n % 4, "speed": 90.25 + n} for n in range(12)]
FLAWS: dict[str, dict[str, Any]] = {
    "check": {"plays": [{"index": 0, "rbi": 7}]},
    "type": {"plays": [{"index": "1"}]},
    "rule": {"plays": None},
    "key": {"plays": [PLAYS[0], PLAYS[0]]},
    "other key": {"plays": [*PLAYS[:3], {"index": 2, "rbi": 3}]},
}


@dataclass(frozen=True)
class Content:
    members: dict[str, Any]
    flaw: str | None

    def of(self, game_pk: int) -> dict[str, Any]:
        return response(game_pk) | self.members | FLAWS.get(self.flaw or "", {})


@st.composite
def content(draw: st.DrawFn, flaws: Sequence[str | None]) -> Content:
    """Content with plays added, changed, removed and reordered."""
    plays = copy.deepcopy(PLAYS[: draw(st.integers(0, 12))])
    for place in draw(st.lists(st.integers(0, 11), max_size=2)):
        for play in plays[place : place + 1]:
            play["rbi"] = draw(st.sampled_from([None, 0, 4]))
    for place in draw(st.lists(st.integers(0, 11), max_size=2)):
        del plays[place : place + 1]
    if draw(st.booleans()):
        plays.reverse()
    season = draw(st.sampled_from([2024] * 9 + [2025]))
    members = {"plays": plays, "score": draw(st.integers(0, 2)), "season": season}
    return Content(members, draw(st.sampled_from(flaws)))


def sampled(arrival: Arrival, first: int) -> Snapshot:
    game_pk = first + arrival.game
    timecode = None if arrival.timecode is None else f"{at(arrival.timecode):%Y%m%d_%H%M%S}"
    of: Content = arrival.content
    broken = of.flaw is not None
    said = of.of(game_pk)
    if broken:  # the same again would be counted in the capture that waits, and stand there under its name alone
        said["minute"] = arrival.minute
    return snapshot(METHOD, game_pk, at(arrival.minute), said, timecode=timecode, broken=broken)


@examples(40)
@given(steps=sequences(content([None] * 12 + [*FLAWS]), 20))
def test_any_sequence_of_captures(sample: Laws, steps: list[Step]) -> None:
    first = next(_fresh)
    made = [sampled(each, first) if isinstance(each, Arrival) else each for each in steps]
    follow(sample, Model(METHOD), first, made)


@examples(40)
@given(steps=sequences(content([None] * 12 + [flaw for flaw in FLAWS if flaw != "check"]), 20))
def test_any_sequence_of_captures_in_memory(steps: list[Step]) -> None:
    """The laws also hold over a database that only enforces keys."""
    made = [sampled(each, 1) if isinstance(each, Arrival) else each for each in steps]
    follow(MemoryLaws(PACKAGE, METHOD), Model(METHOD), 1, made)


@pytest.fixture
def lake(tmp_path: Path) -> Laws:
    return DeltaLaws(tmp_path, PACKAGE, METHOD)


@settings(examples(8), deadline=None)
@given(steps=sequences(content([None] * 12 + [*FLAWS]), 12))
def test_any_sequence_of_captures_in_a_lake(lake: Laws, steps: list[Step]) -> None:
    first = next(_fresh)
    made = [sampled(each, first) if isinstance(each, Arrival) else each for each in steps]
    follow(lake, Model(METHOD), first, made)


# ------------------------------------------------------------------------------------------------------ real feeds


@dataclass(frozen=True)
class Edit:
    """A real feed with fewer plays, other people, other values, other orders, on another day."""

    plays: int
    backwards: bool
    gone: int
    venue: str | None
    called: str | None
    bench: int
    day: str

    def of(self, base: Path, game_pk: int) -> feeds.Feed:
        feed = feeds.small(feeds.feed(base, game_pk=game_pk, plays=self.plays))
        plays, teams = feed["liveData"]["plays"], feed["liveData"]["boxscore"]["teams"]
        people = feed["gameData"]["players"]
        for name in sorted(people)[: self.gone]:
            del people[name]
        for side in ("home", "away"):
            del teams[side]["bench"][self.bench :]
        if self.backwards:
            plays["allPlays"].reverse()
            feed["gameData"]["players"] = dict(reversed(people.items()))
        for play in plays["allPlays"][:2]:
            play["result"]["description"] = self.called
        feed["gameData"]["venue"]["name"] = self.venue
        feed["gameData"]["datetime"]["officialDate"] = self.day
        return feed


edits = st.builds(
    Edit,
    plays=st.sampled_from([0, 1, 9, 10, 11, 12]),
    backwards=st.booleans(),
    gone=st.sampled_from([0, 0, 1, 2, 40]),
    venue=st.sampled_from([None, "", "Wrigley Field"]),
    called=st.sampled_from([None, "Strikeout."]),
    bench=st.integers(0, 2),
    day=st.sampled_from(["2024-07-12", "2024-07-12", "2024-09-30"]),
)


@pytest.fixture
def real(variant: Variant, variant_database: str) -> Iterator[Laws]:
    """The tables of the feed, partitioned in each of the four ways in turn."""
    laws = Laws(variant_database, variant.package, variant.method)
    with closing(laws.connection):
        yield laws


@examples(8)
@given(steps=sequences(edits, 12))
def test_any_sequence_of_real_feeds(real: Laws, stubs_dir: Path, steps: list[Step]) -> None:
    bases = [feeds.files(stubs_dir, game)[0] for game in (747175, 823717)]
    first = next(_fresh)

    def made(arrival: Arrival) -> Snapshot:
        game_pk = first + arrival.game
        timecode = None if arrival.timecode is None else f"{at(arrival.timecode):%Y%m%d_%H%M%S}"
        content = arrival.content.of(bases[arrival.game], game_pk)
        return snapshot(real.method, game_pk, at(arrival.minute), content, timecode=timecode)

    follow(real, Model(real.method), first, [made(each) if isinstance(each, Arrival) else each for each in steps])


# ------------------------------------------------------------------------------------------------ concurrent workers


@st.composite
def plans(draw: st.DrawFn) -> list[list[Run]]:
    """The runs of each worker."""
    return draw(st.lists(st.lists(runs, min_size=1, max_size=4), min_size=2, max_size=4))


def work(laws: Laws, first: int, plans: list[list[Run]]) -> None:
    """Run all workers at once, each with its own connections."""

    def one(plan: list[Run]) -> None:
        for run in plan:
            laws.run([first + game for game in run.games], batch=run.batch, policy=run.policy)

    # Threads that set the size of batches put back each other's: the outer patch puts back the right one.
    with patch.object(transform, "BATCH", transform.BATCH), ThreadPoolExecutor(len(plans)) as pool:
        for each in [pool.submit(one, plan) for plan in plans]:
            each.result()


@examples(20)
@given(captures=st.lists(arrivals(content([None] * 12 + [*FLAWS])), min_size=2, max_size=14), plans=plans())
def test_any_captures_by_concurrent_workers(sample: Laws, captures: list[Arrival], plans: list[list[Run]]) -> None:
    """Which capture is quarantined depends on the order of workers; the tables show exactly one capture."""
    first = next(_fresh)
    everything = range(first, first + GAMES)
    made = {each.note: each for each in reversed([sampled(arrival, first) for arrival in captures])}
    sample.arrive(*reversed(made.values()))
    kept = Model(METHOD)
    kept.arrive(*reversed(made.values()))  # a content that comes again is counted in the capture that has it
    work(sample, first, plans)
    sample.run(everything)
    quarantined = sample.quarantine(*everything)
    marks = sample.watermarks(*everything)
    for game in everything:
        its = [each for each in made.values() if each.game_pk == game]
        mark = marks.get(game)
        shown = next((each for each in its if mark and (each.as_of, each.digest) == mark[:2]), None)
        assert (mark is None) == (shown is None)
        assert sample.rows(game) == {**sample.rows(), **((shown and shown.rows) or {})}
        waiting = {each.note for each in its if each.note in quarantined}
        last = {note: seen for note, seen in kept.seen.items() if note[0] == game}
        assert {note for note, seen in last.items() if mark is None or seen > mark[0]} <= waiting
        assert shown is None or shown.note not in waiting


rivals = {
    "captures": st.lists(st.tuples(games, st.integers(0, 11), content([None])), min_size=2, max_size=14),
    "plans": plans(),
}


@examples(20)
@given(**rivals)
def test_the_newest_wins_among_workers(
    sample: Laws, captures: list[tuple[int, int, Content]], plans: list[list[Run]]
) -> None:
    newest_wins(sample, captures, plans)


@settings(examples(3), deadline=None)
@given(**rivals)
def test_the_newest_wins_among_workers_in_a_lake(
    lake: Laws, captures: list[tuple[int, int, Content]], plans: list[list[Run]]
) -> None:
    newest_wins(lake, captures[:8], plans[:2])


def newest_wins(laws: Laws, captures: list[tuple[int, int, Content]], plans: list[list[Run]]) -> None:
    """With different times and no large losses, so no decision is needed."""
    first = next(_fresh)
    made = []
    for minute, (game, plays, content) in enumerate(captures):
        all_but_one = [play | {"rbi": minute % 4} for play in PLAYS if play["index"] != plays]
        members = content.members | {"season": 2024, "plays": all_but_one}
        made.append(sampled(Arrival(game, minute, None, Content(members, None)), first))
    laws.arrive(*made)
    work(laws, first, [*plans, [Run((0, 1), 2, "new")]])
    newest = {each.game_pk: each for each in made}
    assert laws.quarantine(*newest) == {}
    assert {game: mark[:2] for game, mark in laws.watermarks(*newest).items()} == {
        game: (each.as_of, each.digest) for game, each in newest.items()
    }
    assert laws.rows(*newest) == together(each.rows or {} for each in newest.values())


# -------------------------------------------------------------------------------------------- following a sequence


def follow(laws: Laws, model: Model, first: int, steps: Sequence[Snapshot | Run | Decision]) -> None:
    """Do the steps and a last run of everything, in the tables and in the model."""
    everything = tuple(range(first, first + GAMES))
    for step in [*steps, Run((0, 1), 25, "new")]:
        if isinstance(step, Snapshot):
            model.arrive(step)
            laws.arrive(step)
            continue
        before = laws.places(*everything)
        counts, done = _do(laws, model, first, step)
        assert documents(counts) == done.documents
        assert nonzero(counts.tables) == nonzero(done.tables)
        assert laws.rows(*everything) == {**laws.rows(), **together(each.rows or {} for each in model.shown.values())}
        assert {game: mark[:2] for game, mark in laws.watermarks(*everything).items()} == {
            game: (model.as_of[game], shown.digest) for game, shown in model.shown.items()
        }
        assert laws.quarantine(*everything) == model.quarantine
        for table, places in laws.places(*everything).items():
            untouched = {key for key in places.keys() & before[table].keys() if (table, key) not in done.written}
            assert all(places[key] == before[table][key] for key in untouched), "no row that stays is written"


def _do(laws: Laws, model: Model, first: int, step: Run | Decision) -> tuple[Counts, Done]:
    if isinstance(step, Run):
        games = [first + game for game in step.games]
        return laws.run(games, batch=step.batch, policy=step.policy), model.transform(games, step.policy)
    notes = sorted(model.quarantine)
    chosen = [model.raw[notes[place]] for place in step.which if place < len(notes)]
    chosen = [each for number, each in enumerate(chosen) if each not in chosen[:number]]
    if step.kind == "drop":
        laws.drop(*chosen)
        model.quarantine |= {each.note: "dropped" for each in chosen}
        return Counts(), Done()
    policy: Policy = "accept" if step.kind == "accept" else "new"
    return laws.settle(*chosen, policy=policy), model.settle(chosen, policy)
