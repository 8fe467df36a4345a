"""The auditor: what must hold after each step, judged by what was answered and by what the store held before.

It knows the laws, not how the product keeps them: the tables show one accepted capture of each game, the newest, whole.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soaking.content import TABLES, rows, shrinks
from soaking.observed import Held, Mark, Name, Observed
from soaking.world import LARGEST, Answer

AHEAD = timedelta(hours=1)  # no table shows a time further ahead; the product allows a few minutes


@dataclass(frozen=True)
class Given:
    """All that the store may hold: what the API answered, and what came as files."""

    answers: Sequence[Answer]
    files: Mapping[Name, bytes]


def flawed(game_pk: int, body: bytes) -> bool:
    """Whether nothing of an answer may be applied to a game."""
    try:
        said = json.loads(body)
        plays = said["plays"]
        indexes = [each["index"] for each in plays]
        return (
            said["gamePk"] != game_pk
            or len(set(indexes)) < len(indexes)
            or any(not isinstance(each, int) for each in indexes)
            or any((each.get("rbi") or 0) > 4 or (each.get("speed") or 0) >= 9000 for each in plays)
        )
    except (ValueError, TypeError, KeyError):
        return True


def wrong(given: Given, before: Observed, now: Observed, at: datetime) -> Iterator[str]:
    """What must never be, whatever was killed."""
    for name, held in before.captures.items():
        if name not in now.captures or now.captures[name].body != held.body:
            yield f"capture {_told(name)} is lost"
        elif now.captures[name].last_seen_at < held.last_seen_at:
            yield f"capture {_told(name)} was seen later than the store says now"
    for name, held in now.captures.items():
        if not _was_given(given, name, held):
            yield f"capture {_told(name)} is invented"
    for game_pk in now.rows.keys() | now.marks.keys():
        if game_pk not in now.claimed:
            yield from _rows_wrong(now, game_pk, at)
    for name in now.quarantine.keys() - before.quarantine.keys():
        if not _may_wait(now, name, at):
            yield f"capture {_told(name)} is in quarantine without a reason"


def gone_back(highest: Mapping[int, Mark], now: Observed) -> Iterator[str]:
    """Games that show an earlier time than they once did, or none."""
    for game_pk, mark in highest.items():
        if game_pk in now.claimed:
            continue
        if game_pk not in now.marks:
            yield f"game {game_pk} has lost its watermark"
        elif now.marks[game_pk].as_of < mark.as_of:
            yield f"game {game_pk} goes back from {mark.as_of} to {now.marks[game_pk].as_of}"


def left_undone(now: Observed) -> Iterator[str]:
    """What must not be left after all captures were applied by a process that nothing disturbed."""
    for game_pk in now.claimed:
        yield f"game {game_pk} is still claimed"
    for name, held in now.captures.items():
        if name in now.quarantine:
            continue
        mark = now.marks.get(name.game_pk)
        if mark is None or held.last_seen_at > mark.as_of:
            yield f"capture {_told(name)} is neither applied nor in quarantine"
        elif held.last_seen_at == mark.as_of and name.digest != mark.digest:
            yield f"capture {_told(name)} contradicts what is shown and is not in quarantine"


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
            yield f"the file with capture {_told(name)} is not kept"


def miscounted(told: Mapping[str, Mapping[str, int]], before: Observed, now: Observed) -> Iterator[str]:
    """Counts of rows that don't add up, by table."""
    for name in TABLES:
        counts = told.get(f"sample.{name}", {})
        grown = sum(len(of[name]) for of in now.rows.values()) - sum(len(of[name]) for of in before.rows.values())
        if counts.get("inserted", 0) - counts.get("deleted", 0) != grown:
            yield f"{name} has {grown:+} rows, but {dict(counts)} were told"


def _rows_wrong(now: Observed, game_pk: int, at: datetime) -> Iterator[str]:
    held, mark = now.rows.get(game_pk), now.marks.get(game_pk)
    if mark is None:
        if held and any(held[name] for name in TABLES):
            yield f"game {game_pk} has rows, but nothing was applied"
        return
    shown = _shown(now, game_pk, mark)
    if shown is None:
        yield f"game {game_pk} shows {mark.digest.hex()[:8]} of {mark.as_of}, which no capture has"
    elif flawed(game_pk, shown.body):
        yield f"game {game_pk} shows a capture that has a flaw"
    elif held != rows(shown.body):
        yield f"game {game_pk} has rows that its capture does not have: {held} instead of {rows(shown.body)}"
    if mark.as_of > at + AHEAD:
        yield f"game {game_pk} shows a time ahead of the clock: {mark.as_of}"


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
    if name.captured_at > at or flawed(name.game_pk, mine.body):
        return True
    for other, held in now.captures.items():
        if other.game_pk != name.game_pk or other.digest == name.digest or flawed(name.game_pk, held.body):
            continue
        if name.captured_at <= held.last_seen_at and other.captured_at <= mine.last_seen_at:
            return True
        if shrinks(rows(held.body), rows(mine.body)):
            return True
    return False


def _acceptable(of: Answer) -> bool:
    """Whether it answers the request, so that it must be kept, whatever else is wrong with it."""
    try:
        said = json.loads(of.body)
    except ValueError:
        return False
    return isinstance(said, dict) and said["gamePk"] == of.game_pk and len(of.body) <= LARGEST


def _told(name: Name) -> str:
    return f"{name.game_pk} of {name.captured_at:%Y-%m-%d %H:%M:%S.%f} ({name.digest.hex()[:8]})"
