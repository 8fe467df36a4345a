"""The games that are loaded: a day of simulated live feeds, or captured ones, under as many numbers as are wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import orjson

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.capture.loader import Loader, Readable
from mlb_etl.extract.answer import one_document
from mlb_etl.stores.interfaces.database import Database
from mlb_sim import Simulator
from mlb_sim.routes import encode
from mlb_sim.times import HOUR

METHOD = "game.liveGameV1"
FEED = Path("game/liveGameV1/747175_20240713T041909Z.json.gz")
DAY = 15  # games that are simulated; others are these under other numbers
CAPTURED_AT = datetime(2024, 10, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Games:
    """So many games, which repeat some responses under numbers of the same length."""

    responses: Sequence[Response]
    number: int

    def store(self, database: Database, *, minutes: int = 0, rows: int = 0) -> None:
        """Store a capture of each game, as `mlb-etl load` does: some minutes later, with so many rows changed."""
        method = registry.method(database.package, METHOD)

        def readable(game_pk: int, response: Response) -> Readable:
            captured_at = response.captured_at + timedelta(minutes=minutes)
            answer = replace(response, path_params={"game_pk": str(game_pk)}, captured_at=captured_at)
            return Readable(method, answer, one_document(answer.data, {"game_pk": game_pk}))

        later = Games([changed(response, rows) for response in self.responses], self.number)
        with database.open() as stores:
            items = ((game_pk, readable(game_pk, response)) for game_pk, response in later.numbered())
            for _ in Loader(stores, database.package).store_each(items):
                pass

    def numbered(self) -> Iterator[tuple[int, Response]]:
        """Each game's number, and the response with it in place of its own."""
        first = 10 ** (len(self.responses[0].path_params["game_pk"]) - 1)
        for game_pk, response in enumerate(islice(cycle(self.responses), self.number), start=first):
            own = response.path_params["game_pk"].encode()
            yield game_pk, replace(response, data=response.data.replace(own, b"%d" % game_pk))


def simulated(number: int) -> Games:
    """Games of the simulator's league, each an hour after it was over."""
    return Games([*islice(_simulated(), min(number, DAY))], number)


def _simulated() -> Iterator[Response]:
    simulator = Simulator(1, 2024)
    for fixture in simulator.calendar.fixtures:
        if fixture.fate == "played":
            data = encode(simulator.feed(fixture, simulator.timeline(fixture).over + HOUR))
            keys = {"game_pk": str(fixture.pk)}
            yield Response("game", "liveGameV1", keys, {}, f"http://simulated/{fixture.pk}", 200, CAPTURED_AT, data)


def captured(stubs: Path, number: int) -> Games:
    """The game that was captured most closely, 747175."""
    response = stub_files.parse_stub(stub_files.read_file(stubs / FEED))
    if response is None:
        raise SystemExit(f"{stubs / FEED} is not a captured response")
    return Games([response], number)


def changed(response: Response, rows: int) -> Response:
    """The response with so many plays described in other words, none of those that other tables repeat."""
    if not rows:
        return response
    document = orjson.loads(response.data)
    plays = document["liveData"]["plays"]
    own = [play for number, play in enumerate(plays["allPlays"]) if number not in plays["scoringPlays"]]
    if rows > len(own):
        raise ValueError(f"{rows} rows of {len(own)} plays can't be changed")
    for play in own[:rows]:
        play["result"]["description"] += " Reviewed."
    return replace(response, data=orjson.dumps(document))
