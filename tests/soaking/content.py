"""What the API says of a document, from a seed, and what the tables are to hold of it: the auditor's own view."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, TypeAlias

Key: TypeAlias = tuple[int, ...]
Rows: TypeAlias = Mapping[str, Mapping[Key, tuple[Any, ...]]]  # what a row holds beside its key, by table and key

TABLES = ("games", "plays")
MOST_RBI = 4
LOST = Decimal("0.2")  # the share of a document's rows that a capture may delete without a decision
EMPTIED = 5  # rows of a table that may not all vanish
REFUSED = ("no plays", "another game", "no JSON")  # flaws of which an answer is not kept
UNREADABLE = ("type", "two of a key", *REFUSED)  # of which a file is not kept
FLAWS = ("rbi", "effort", "type", "two of a key")


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
        said["venue"] = chance.choice([None, "", "Field of Dreams", 'O\'Dowd\\"s\t"é', "x" * 300])
        return _broken(said, self.flaw)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the answer."""
        return hashlib.sha256(self.body).digest()


def drawn(chance: Random, game_pk: int, flaws: Sequence[str], *, flawed: float) -> Content:
    """Any content; contents recur, since seeds are few."""
    flaw = chance.choice(flaws) if chance.random() < flawed else None
    return Content(game_pk, chance.randrange(40), flaw)


def _play(chance: Random, index: int) -> dict[str, Any]:
    return {
        "index": index,
        "rbi": chance.choice([None, 0, 0, 0, 1, 4]),
        "speed": chance.choice([None, 90, 91.25, 91.35, -0.04]),
    }


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


def rows(body: bytes) -> Rows:
    """The rows of an answer without a flaw."""
    said = json.loads(body, parse_float=Decimal)
    season, game_pk = said["season"], said["gamePk"]
    plays: dict[Key, tuple[Any, ...]] = {(game_pk, each["index"], season): _kept(each) for each in said["plays"]}
    return {"games": {(game_pk, season): (said["score"], said["venue"])}, "plays": plays}


def _kept(play: Mapping[str, Any]) -> tuple[Any, ...]:
    rbi, speed = play["rbi"], play["speed"]
    kept = None if speed is None else Decimal(speed).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return rbi, kept, None if rbi is None else rbi > 0, None if kept is None else kept + (rbi or 0)


def shrinks(before: Rows, after: Rows) -> bool:
    """Whether so many rows vanish that an operator has to agree."""
    lost = sum(len(before[name].keys() - after[name].keys()) for name in TABLES)
    emptied = any(len(before[name]) >= EMPTIED and not after[name] for name in TABLES)
    return emptied or lost > LOST * sum(len(before[name]) for name in TABLES)
