"""The auditor: what must hold after each step, judged by what was answered and by what the store held before.

It knows the laws, not how the product keeps them: the tables show one accepted capture of each game, the newest, whole.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from soaking.content import Key, Rows
from soaking.observed import Held, Mark, Name, Observed
from soaking.world import LARGEST, Answer

_KINDS = ("inserted", "updated", "unchanged", "deleted")
_NOTHING = Mark(datetime.min.replace(tzinfo=UTC), b"")
AHEAD = timedelta(hours=1)  # no table shows a time further ahead; the product allows a few minutes


@dataclass(frozen=True)
class Given:
    """All that the store may hold: what the API answered, and what came as files; and what an operator accepted."""

    answers: Sequence[Answer]
    files: Mapping[Name, bytes]
    accepted: AbstractSet[Name] = frozenset()


def wrong(
    given: Given,
    before: Observed,
    now: Observed,
    at: datetime,
    *,
    kept_from: datetime | None = None,
    rebuilt: bool = False,
) -> Iterator[str]:
    """What must never be, whatever was killed.

    `kept_from`: older captures were dropped, if nothing needs them. `rebuilt`: all rows were written again.
    """
    yield from _captures_wrong(given, before, now, kept_from)
    for game_pk in now.rows.keys() | now.marks.keys():
        if game_pk not in now.claimed:
            yield from _rows_wrong(now, game_pk, at)
            if game_pk in before.marks:
                yield from _shrunk(given, before, now, game_pk)
                if now.subject.whole and not rebuilt:
                    yield from _rewritten(before, now, game_pk)
    for name in now.quarantine.keys() - before.quarantine.keys():
        shown = before.marks.get(name.game_pk)
        if shown is not None and now.captures[name].last_seen_at < shown.as_of:
            yield f"capture {told(name)} is older than what is shown, and yet in quarantine"
        elif not _may_wait(now, name, at):
            yield f"capture {told(name)} is in quarantine without a reason"


def gone_back(given: Given, highest: Mapping[int, Mark], now: Observed) -> Iterator[str]:
    """Games that show an earlier time than they once did, or none, or another content of the same time."""
    for game_pk, mark in highest.items():
        its = now.marks.get(game_pk)
        if game_pk in now.claimed:
            continue
        if its is None:
            yield f"game {game_pk} has lost its watermark"
        elif its.as_of < mark.as_of:
            yield f"game {game_pk} goes back from {mark.as_of} to {its.as_of}"
        elif its.as_of == mark.as_of and its.digest not in {mark.digest, *_accepted(given, game_pk)}:
            yield f"game {game_pk} shows another content of {mark.as_of}, and nobody decided so"


def _accepted(given: Given, game_pk: int) -> AbstractSet[bytes]:
    return {name.digest for name in given.accepted if name.game_pk == game_pk}


def left_undone(now: Observed, *, migrated: bool = False) -> Iterator[str]:
    """What must not be left after all captures were applied by a process that nothing disturbed."""
    for game_pk, its in now.marks.items():
        if its.migrated != migrated:
            yield f"game {game_pk} has rows of the mapping before"
    for game_pk in now.claimed:
        yield f"game {game_pk} is still claimed"
    for name, held in now.captures.items():
        if name in now.quarantine:
            continue
        mark = now.marks.get(name.game_pk)
        if mark is None or held.last_seen_at > mark.as_of:
            yield f"capture {told(name)} is neither applied nor in quarantine"
        elif held.last_seen_at == mark.as_of and name.digest != mark.digest:
            yield f"capture {told(name)} contradicts what is shown and is not in quarantine"


def lost_answers(answers: Sequence[Answer], now: Observed, since: datetime) -> Iterator[str]:
    """Answers since then that a capture without a complaint should have kept."""
    for each in answers:
        if not _acceptable(each):
            continue
        content = hashlib.sha256(each.body).digest()
        kept = (held for name, held in now.captures.items() if (name.game_pk, name.digest) == (each.game_pk, content))
        if not any(held.last_seen_at >= since for held in kept):
            yield f"the answer of game {each.game_pk} at {each.at} is not kept"


def lost_files(names: Sequence[Name], now: Observed) -> Iterator[str]:
    """Captures that came as files, and that the store does not hold."""
    for name in names:
        kept = (
            held for each, held in now.captures.items() if (each.game_pk, each.digest) == (name.game_pk, name.digest)
        )
        if not any(held.last_seen_at >= name.captured_at for held in kept):
            yield f"the file with capture {told(name)} is not kept"


def miscounted(said: Mapping[str, Any], before: Observed, now: Observed) -> Iterator[str]:
    """Counts of what a transformation did that don't add up."""
    changed = [of for of, mark in now.marks.items() if mark.digest != before.marks.get(of, _NOTHING).digest]
    applied, quarantined = said["documents"]["applied"], said["documents"]["quarantined"]
    if applied < len(changed):
        yield f"{len(changed)} games show other captures, but {applied} were applied, it says"
    if quarantined < len(put_aside := now.quarantine.keys() - before.quarantine.keys()):
        yield f"{len(put_aside)} captures came into quarantine, but {quarantined} did, it says"
    once = (
        now.subject.whole
        and applied == len(changed)
        and not any(now.marks[game_pk].migrated and not mark.migrated for game_pk, mark in before.marks.items())
    )
    for name in now.subject.tables:
        counts = said["tables"].get(f"{now.subject.schema}.{name}", dict.fromkeys(_KINDS, 0))
        grown = sum(len(of[name]) for of in now.rows.values()) - sum(len(of[name]) for of in before.rows.values())
        if counts["inserted"] - counts["deleted"] != grown:
            yield f"{name} has {grown:+} rows, but it says {counts}"
        if once and counts != (real := _counted(before, now, changed, name)):
            yield f"of {name} {real} were written, but it says {counts}"


def _of(rows: Mapping[int, Rows], game_pk: int, name: str) -> Mapping[Key, tuple[Any, ...]]:
    return rows.get(game_pk, {}).get(name, {})


def _counted(before: Observed, now: Observed, games: Sequence[int], name: str) -> Mapping[str, int]:
    pairs = [(_of(before.rows, game_pk, name), _of(now.rows, game_pk, name)) for game_pk in games]
    stayed = [(old[key], new[key]) for old, new in pairs for key in old.keys() & new.keys()]
    updated = sum(old != new for old, new in stayed)
    inserted, deleted = sum(len(new) for _, new in pairs), sum(len(old) for old, _ in pairs)
    return dict(
        zip(_KINDS, (inserted - len(stayed), updated, len(stayed) - updated, deleted - len(stayed)), strict=True)
    )


def unlike(one: Observed, other: Observed) -> Iterator[str]:
    """How two stores differ to which the same happened."""
    for game_pk in one.rows.keys() | other.rows.keys():
        if one.rows.get(game_pk) != other.rows.get(game_pk):
            yield f"game {game_pk} has other rows: {_differing(one.rows.get(game_pk), other.rows.get(game_pk))}"
    first, second = _contents(one), _contents(other)
    yield from (f"only in the one store {each}" for each in first - second)
    yield from (f"only in the other store {each}" for each in second - first)


def _contents(of: Observed) -> Counter[str]:
    shown = [f"game {game_pk} shows {mark.digest.hex()[:8]}" for game_pk, mark in of.marks.items()]
    aside = [f"game {name.game_pk} has {name.digest.hex()[:8]} {note.state}" for name, note in of.quarantine.items()]
    return Counter([*shown, *aside])


def _needed(before: Observed, name: Name) -> bool:
    """Whether a capture is shown, waits, or is still to be applied."""
    mark, held = before.marks.get(name.game_pk), before.captures[name]
    if name in before.quarantine:
        return before.quarantine[name].state == "waiting"
    return mark is None or held.last_seen_at >= mark.as_of


def _rows_wrong(now: Observed, game_pk: int, at: datetime) -> Iterator[str]:
    held, mark = now.rows.get(game_pk), now.marks.get(game_pk)
    if mark is None:
        if held and any(held[name] for name in now.subject.tables):
            yield f"game {game_pk} has rows, but nothing was applied"
        return
    shown = _shown(now, game_pk, mark)
    if shown is None:
        yield f"game {game_pk} shows {mark.digest.hex()[:8]} of {mark.as_of}, which no capture has"
    elif now.subject.flawed(game_pk, shown.body):
        yield f"game {game_pk} shows a capture that has a flaw"
    elif held != (its := now.subject.rows(shown.body, migrated=mark.migrated)):
        yield f"game {game_pk} has rows that its capture does not have: {_differing(held, its)}"
    if mark.as_of > at + AHEAD:
        yield f"game {game_pk} shows a time ahead of the clock: {mark.as_of}"


def _differing(held: Rows | None, its: Rows | None) -> str:
    """The rows of the one and of the other that differ."""
    one, other = (
        {(name, key): said for name, of in (rows or {}).items() for key, said in of.items()} for rows in (held, its)
    )
    keys = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    return f"{ {key: one.get(key) for key in keys} } instead of { {key: other.get(key) for key in keys} }"


def _captures_wrong(given: Given, before: Observed, now: Observed, kept_from: datetime | None) -> Iterator[str]:
    for name, held in before.captures.items():
        if name not in now.captures:
            if kept_from is None or name.captured_at >= kept_from or _needed(before, name):
                yield f"capture {told(name)} is lost"
        elif now.captures[name].body != held.body:
            yield f"capture {told(name)} says something else now"
        elif now.captures[name].last_seen_at < held.last_seen_at:
            yield f"capture {told(name)} was seen later than the store says now"
    for name, held in now.captures.items():
        if not _was_given(given, name, held):
            yield f"capture {told(name)} is invented"


def _shrunk(given: Given, before: Observed, now: Observed, game_pk: int) -> Iterator[str]:
    """Rows that vanished by no capture, or sequence of captures, that may delete so many of them."""
    old, new = before.marks[game_pk], now.marks.get(game_pk)
    if new is None or new.digest == old.digest:
        return
    between = {
        name: held
        for name, held in now.captures.items()
        if name.game_pk == game_pk
        and name.captured_at <= new.as_of
        and held.last_seen_at >= old.as_of
        and (name not in now.quarantine)
        and not now.subject.flawed(game_pk, held.body)
    }
    reached, last = {old.digest}, -1
    bodies = {name.digest: now.subject.rows(held.body) for name, held in between.items()}
    accepted = _accepted(given, game_pk)
    bodies[old.digest] = before.rows[game_pk]
    while len(reached) > last:
        last = len(reached)
        reached |= {
            each
            for each in bodies.keys() - reached
            if each in accepted or any(not now.subject.shrinks(bodies[one], bodies[each]) for one in reached)
        }
    if new.digest not in reached:
        yield f"game {game_pk} lost many rows, and nobody agreed"


def _rewritten(before: Observed, now: Observed, game_pk: int) -> Iterator[str]:
    """Rows that were written although they say the same as before, and as each capture between."""
    old, new = before.marks[game_pk], now.marks.get(game_pk, _NOTHING)
    if old.migrated != new.migrated:
        return
    for name in now.subject.tables:
        was, becomes = _of(before.rows, game_pk, name), _of(now.rows, game_pk, name)
        for key in was.keys() & becomes.keys():
            if was[key] == becomes[key] and before.written[game_pk][name][key] != now.written[game_pk][name][key]:
                between = (
                    held
                    for each, held in now.captures.items()
                    if each.game_pk == game_pk and each.captured_at <= new.as_of and held.last_seen_at >= old.as_of
                )
                if all(
                    now.subject.flawed(game_pk, held.body)
                    or now.subject.rows(held.body, migrated=new.migrated)[name].get(key) == was[key]
                    for held in between
                ):
                    yield f"{name} {key} says the same, but was written again"


def _shown(now: Observed, game_pk: int, mark: Mark) -> Held | None:
    fits = (
        held
        for name, held in now.captures.items()
        if (name.game_pk, name.digest) == (game_pk, mark.digest) and name.captured_at <= mark.as_of <= held.last_seen_at
    )
    return next(fits, None)


def _was_given(given: Given, name: Name, held: Held) -> bool:
    if given.files.get(name) == held.body:
        return True
    return any(
        each.game_pk == name.game_pk and each.body == held.body and name.captured_at <= each.at
        for each in given.answers
    )


def _may_wait(now: Observed, name: Name, at: datetime) -> bool:
    """Whether a capture may need a decision: it is ahead, has a flaw, contradicts another, or is much smaller."""
    mine = now.captures[name]
    if name.captured_at > at or now.subject.flawed(name.game_pk, mine.body):
        return True
    for other, held in now.captures.items():
        if other.game_pk != name.game_pk or other.digest == name.digest or now.subject.flawed(name.game_pk, held.body):
            continue
        if name.captured_at <= held.last_seen_at and other.captured_at <= mine.last_seen_at:
            return True
        if now.subject.shrinks(now.subject.rows(held.body), now.subject.rows(mine.body)):
            return True
    return False


def _acceptable(of: Answer) -> bool:
    """Whether it answers the request, so that it must be kept, whatever else is wrong with it."""
    try:
        said = json.loads(of.body)
    except ValueError:
        return False
    return isinstance(said, dict) and said["gamePk"] == of.game_pk and len(of.body) <= LARGEST


def told(name: Name) -> str:
    return f"{name.game_pk} of {name.captured_at:%Y-%m-%d %H:%M:%S.%f} ({name.digest.hex()[:8]})"
