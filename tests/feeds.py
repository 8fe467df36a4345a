"""Real live feeds as JSON, and variants made at test time: other games, fewer plays, other values and orders."""

import copy
import functools
import gzip
import json
import os
from pathlib import Path
from typing import Any

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import stub_files

PACKAGE = "mlb_tables"
METHOD = registry.method(PACKAGE, "game.liveGameV1")

Feed = dict[str, Any]


def shared(name: str) -> Path:
    """The folder of stubs, or of cases: $MLB_STUBS, or ../shared/stubs beside the repository."""
    return Path(os.environ.get(f"MLB_{name.upper()}") or Path(__file__).parents[2] / "shared" / name)


def names(method: str) -> list[str]:
    """The captured files of a method such as game/liveGameV1, or a placeholder if there are none."""
    return sorted(each.name for each in (shared("stubs") / method).glob("*.json.gz")) or ["missing"]


def files(stubs: Path, game_pk: int) -> list[Path]:
    """The captures of a game, oldest first."""
    return sorted((stubs / "game" / "liveGameV1").glob(f"{game_pk}_*.json.gz"))


def capture(file: Path) -> Response:
    """A captured feed, its body byte for byte."""
    response = stub_files.parse_stub(stub_files.read_file(file))
    assert response is not None
    return response


@functools.cache
def _parsed(file: Path) -> Feed:
    feed: Feed = json.loads(gzip.decompress(file.read_bytes()))["response"]
    return feed


def feed(file: Path, *, game_pk: int | None = None, plays: int | None = None) -> Feed:
    """A copy of the feed to modify; optionally of another game, or with only the first plays."""
    made = copy.deepcopy(_parsed(file))
    if game_pk is not None:
        made["gamePk"] = made["gameData"]["game"]["pk"] = game_pk
    if plays is not None:
        keep_plays(made, plays)
    return made


def keep_plays(of: Feed, number: int) -> None:
    """Remove the plays after the first `number` ones."""
    plays = of["liveData"]["plays"]
    plays["allPlays"] = plays["allPlays"][:number]
    plays["scoringPlays"] = [each for each in plays["scoringPlays"] if each < number]


def small(of: Feed) -> Feed:
    """The feed without large parts that no table uses."""
    of["liveData"]["plays"].pop("playsByInning", None)
    of["liveData"]["plays"].pop("currentPlay", None)
    return of
