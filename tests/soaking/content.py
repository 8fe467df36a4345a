"""What the API says of a document, from a seed, and what the tables are to hold of it: the auditor's own view."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, Protocol, TypeAlias

Key: TypeAlias = tuple[int, ...]
Rows: TypeAlias = Mapping[str, Mapping[Key, tuple[Any, ...]]]  # what a row holds beside its key, by table and key

MOST_RBI = 4
LOST = Decimal("0.2")  # the share of a document's rows that a capture may delete without a decision
EMPTIED = 5  # rows of a table that may not all vanish
REFUSED = ("no plays", "another game", "no JSON")  # flaws of which an answer is not kept
UNREADABLE = ("type", "two of a key", *REFUSED)  # of which a file is not kept
FLAWS = ("rbi", "effort", "type", "two of a key")


class RowsOf(Protocol):
    """Gives the rows of an answer, under the first mapping or the one after the migration."""

    def __call__(self, body: bytes, *, migrated: bool = False) -> Rows: ...


@dataclass(frozen=True)
class Subject:
    """Documents of one kind, and what the tables are to hold of them.

    `packages` has the package of their tables, and the one after a migration if there is one; `tables` the columns of
    the key and others, by table, which are `whole` if there are no more; `added` those that the migration adds.
    `flawed` says whether nothing of an answer may be applied, and `shrinks` whether so many rows vanish that an
    operator has to agree.
    """

    method: str
    packages: Sequence[str]
    raw: str
    schema: str
    tables: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    whole: bool
    added: Mapping[str, str]
    rows: RowsOf
    flawed: Callable[[int, bytes], bool]
    shrinks: Callable[[Rows, Rows], bool]


@dataclass(frozen=True)
class Content:
    """What is said of a game; `flaw` says why nothing of it may be applied."""

    game_pk: int
    seed: int
    flaw: str | None = None

    @property
    def body(self) -> bytes:
        """The answer."""
        chance = Random(self.seed)  # noqa: S311 - no secret
        plays = [_play(chance, index) for index in range(12) if chance.random() < 0.92 or self.seed % 7 == 0]
        if self.seed % 5 == 0:
            del plays[chance.randrange(len(plays) or 1) :]
        chance.shuffle(plays)
        season = 2025 if chance.random() < 0.1 else 2024
        said = {"gamePk": self.game_pk, "season": season, "score": chance.randrange(9), "plays": plays}
        said["attendance"] = chance.choice([None, 40_000])
        said["venue"] = chance.choice([None, "", "Field of Dreams", 'O\'Dowd\\"s\t"é', "x" * 300])
        return _broken(said, self.flaw)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the answer."""
        return hashlib.sha256(self.body).digest()


def drawn(chance: Random, game_pk: int, seeds: Sequence[int], flaws: Sequence[str], *, flawed: float) -> Content:
    """Content with one of these seeds; so contents recur."""
    flaw = chance.choice(flaws) if chance.random() < flawed else None
    return Content(game_pk, chance.choice(seeds), flaw)


def _play(chance: Random, index: int) -> dict[str, Any]:
    """A play; what it says nothing of is null or absent."""
    play = {
        "index": index,
        "rbi": chance.choice([None, 0, 0, 0, 1, 4]),
        "speed": chance.choice([None, 90, 91.25, 91.35, -0.04]),
        "inning": 1 + index // 3,
    }
    return {name: value for name, value in play.items() if value is not None or chance.random() < 0.5}


def _broken(said: dict[str, Any], flaw: str | None) -> bytes:
    match flaw:
        case "rbi":
            said["plays"].append({"index": 90, "rbi": MOST_RBI + 1})
        case "effort":
            said["plays"].append({"index": 90, "speed": 9000})
        case "type":
            said["plays"].append({"index": "ninety"})
        case "no plays":
            said["plays"] = None
        case "two of a key":
            said["plays"] += [{"index": 90}, {"index": 90, "rbi": 1}]
        case "another game":
            said["gamePk"] += 1
        case "no JSON":
            return json.dumps(said).encode()[:-9]
        case _:
            pass
    return json.dumps(said).encode()


def _rows(body: bytes, *, migrated: bool = False) -> Rows:
    said = json.loads(body, parse_float=Decimal)
    season, game_pk = said["season"], said["gamePk"]
    games: dict[Key, tuple[Any, ...]]
    games = {(game_pk, season): (said["score"], said["venue"], *[said["attendance"]] * migrated)}
    plays: dict[Key, tuple[Any, ...]]
    plays = {
        (game_pk, each["index"], season): (*_kept(each), *[each.get("inning")] * migrated) for each in said["plays"]
    }
    return {"games": games, "plays": plays}


def _kept(play: Mapping[str, Any]) -> tuple[Any, ...]:
    rbi, speed = play.get("rbi"), play.get("speed")
    kept = None if speed is None else Decimal(speed).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return rbi, kept, None if rbi is None else rbi > 0, None if kept is None else kept + (rbi or 0)


def _flawed(game_pk: int, body: bytes) -> bool:
    try:
        said = json.loads(body)
        plays = said["plays"]
        indexes = [each["index"] for each in plays]
        return (
            said["gamePk"] != game_pk
            or len(set(indexes)) < len(indexes)
            or any(not isinstance(each, int) for each in indexes)
            or any((each.get("rbi") or 0) > MOST_RBI or (each.get("speed") or 0) >= 9000 for each in plays)
        )
    except (ValueError, TypeError, KeyError):
        return True


def _shrinks(before: Rows, after: Rows) -> bool:
    lost = sum(len(its.keys() - after[name].keys()) for name, its in before.items())
    emptied = any(len(its) >= EMPTIED and not after[name] for name, its in before.items())
    return emptied or lost > LOST * sum(map(len, before.values()))


SAMPLE = Subject(
    method="sample.game",
    packages=("sample_tables", "sample_later"),
    raw="sample.raw_game",
    schema="sample",
    tables={
        "games": (("game_pk", "season"), ("home_score", "venue")),
        "plays": (("game_pk", "at_bat_index", "season"), ("rbi", "speed", "scored", "effort")),
    },
    whole=True,
    added={"games": "attendance", "plays": "inning"},
    rows=_rows,
    flawed=_flawed,
    shrinks=_shrinks,
)
