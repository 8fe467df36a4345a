"""Lenient decoding: which values are left out, which are refused, and how long it takes."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlb_contracts import Capture, convert
from mlb_etl import registry
from mlb_etl.errors import Rejected
from mlb_etl.extract import lenient
from mlb_etl.extract.extract import Extract, extract

METHOD = registry.method("mlb_tables", "game.liveGameV1")
CAPTURE = Capture(datetime(2024, 7, 1, tzinfo=UTC), {"game_pk": "1"})
GAME_INFO = "$.gameData.gameInfo"
PLAYERS = "$.gameData.players"
PLAYS = "$.liveData.plays.allPlays"
FIRST = f"{PLAYS}[0].playEvents[0]"


def feed(*pitches: dict[str, Any], **game_data: Any) -> dict[str, Any]:
    events = [{"index": place, "isPitch": True, **pitch} for place, pitch in enumerate(pitches)]
    play = {"about": {"atBatIndex": 0}, "playEvents": events, "runners": []}
    return {
        "gamePk": 1,
        "gameData": {"game": {"season": "2024"}, **game_data},
        "liveData": {"plays": {"allPlays": [play], "scoringPlays": []}},
    }


def read(body: Any) -> Extract:
    return extract(METHOD, CAPTURE, body if isinstance(body, bytes) else msgspec.json.encode(body))


def found(body: Any) -> list[tuple[str, str, str, int]]:
    misfits = read(body).unreadable
    return [(each.table.removeprefix("game.live_game_"), each.place, each.value, each.number) for each in misfits]


def rows(body: Any, table: str) -> list[dict[str, Any]]:
    place = next(place for place, each in enumerate(METHOD.tables) if each.name == f"live_game_{table}")
    names = [column.name for column in METHOD.tables[place].columns]
    return [dict(zip(names, row, strict=True)) for row in read(body).rows[place]]


@pytest.mark.parametrize(
    ("body", "table", "place", "value"),
    [
        (feed(weather={"temp": ""}), "metadata", "$.gameData.weather.temp", "''"),
        (feed(weather="none"), "metadata", "$.gameData.weather", "'none'"),
        (feed(gameInfo={"attendance": 2**31}), "metadata", f"{GAME_INFO}.attendance", "2147483648"),
        (feed(gameInfo={"attendance": "many"}), "metadata", f"{GAME_INFO}.attendance", "'many'"),
        (feed(gameInfo={"firstPitch": "2024-07-12"}), "metadata", f"{GAME_INFO}.firstPitch", "'2024-07-12'"),
        (feed({"pitchData": {"zone": 1.5}}), "pitch_events", f"{FIRST}.pitchData.zone", "1.5"),
        (feed(players={"ID 7": {"id": 7, "height": "tall"}}), "players", f"{PLAYERS}['ID 7'].height", "'tall'"),
        (feed(players={"ID7": {"id": 7, "weight": [1, 2]}}), "players", f"{PLAYERS}.ID7.weight", "'array of 2 items'"),
        (
            feed(teams={"home": {"record": {"winningPercentage": "1e999999"}}}),
            *("metadata", "$.gameData.teams.home.record.winningPercentage", "'1e999999'"),
        ),
    ],
)  # fmt: skip
def test_an_unreadable_optional_value_is_left_out(body: Any, table: str, place: str, value: str) -> None:
    assert found(body) == [(table, place, value, 1)]
    assert len(rows(body, "metadata")) == 1


def test_a_value_can_be_unreadable_for_one_column_only() -> None:
    (row,) = rows(feed(players={"ID7": {"id": 7, "height": "tall"}}), "players")
    assert (row["height"], row["height_inches"]) == ("tall", None)


def test_numbers_keep_their_digits() -> None:
    """All digits, even if another value is left out."""
    text = msgspec.json.encode(feed(weather={"temp": ""}, venue={"timeZone": {"offset": 0}, "season": []}))
    offset = b"-3.500000000000000000001"
    (row,) = rows(text.replace(b'"offset":0', b'"offset":' + offset), "venue_details")
    assert row["time_zone_offset"] == Decimal(offset.decode())


def test_an_unreadable_value_counts_for_each_table_that_reads_it() -> None:
    assert [table for table, *_ in found(feed(venue={"id": "x"}))] == ["metadata", "venue_details"]


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ('"index":0', '"index":"0"', f"{FIRST}.index", "Expected `int | null`, got `str`"),
        ('"isPitch":true', '"isPitch":"yes"', f"{FIRST}.isPitch", "Expected `bool | null`, got `str`"),
        ('"season":"2024"', '"season":2024', "$.gameData.game.season", "Expected `str | null`, got `int`"),
        ('"season":"2024"', '"season":"MMXXIV"', "$.gameData.game.season", "an integer is expected"),
        ('"playEvents":[', '"playEvents":["x",', FIRST, "Expected `object`, got `str`"),
        ('"runners":[]', '"runners":{}', f"{PLAYS}[0].runners", "Expected `array | null`, got `object`"),
        ('"about":{"atBatIndex":0}', '"about":7', f"{PLAYS}[0].about", "Expected `object | null`, got `int`"),
        ('"gamePk":1', '"gamePk":"1"', "$.gamePk", METHOD.rules[1].text),
        ('"liveData":', '"liveDatum":', PLAYS, METHOD.rules[3].text),
    ],
)  # fmt: skip
def test_an_unreadable_required_value_is_refused_among_optional_ones(
    old: str, new: str, path: str, reason: str
) -> None:
    text = msgspec.json.encode(feed({}, weather={"temp": 78}, gameInfo="none")).decode()
    assert old in text
    with pytest.raises(Rejected) as why:
        read(text.replace(old, new).encode())
    assert (why.value.path, why.value.reason) == (path, reason)


@pytest.mark.parametrize("text", [b'{"gamePk": "x", "a": tru', b'{"gamePk": 1, "gameData": {"weather": 1}} x'])
def test_invalid_json_is_reported_as_such(text: bytes) -> None:
    with pytest.raises(Rejected, match="not JSON"):
        read(text)


def test_thousands_of_unreadable_values_are_counted_fast() -> None:
    """8,000 people with four unreadable values each took minutes, one after the other."""
    odd = {"weight": "heavy", "currentAge": "old", "height": "tall", "birthDate": "once"}
    players = {f"ID{number}": {"id": number, **odd} for number in range(8000)}
    start = time.perf_counter()
    counted = found(feed(players=players))
    assert time.perf_counter() - start < 10  # about half a second on a machine that rests
    assert sorted(each[1:] for each in counted) == sorted(
        (f"$.gameData.players.ID0.{name}", repr(value), 8000) for name, value in odd.items()
    )


def test_one_error_among_thousands_of_entries_is_found_fast() -> None:
    """Each of 8,000 entries of a map was decoded alone, with the rest of the document, which took 24 s."""
    players: dict[str, Any] = {f"ID{number}": {"id": number} for number in range(8000)}
    players["ID7999"] = {"id": "x"}
    start = time.perf_counter()
    with pytest.raises(Rejected) as why:
        read(feed(players=players))
    assert time.perf_counter() - start < 5  # 0.05 s
    assert why.value.path == "$.gameData.players.ID7999.id"


def test_a_number_beyond_every_type() -> None:
    text = msgspec.json.encode(feed(gameInfo={"attendance": 0})).replace(
        b'"attendance":0', b'"attendance":' + b"9" * 5000
    )
    ((table, place, value, number),) = found(text)
    assert (table, place, number, len(value)) == ("metadata", f"{GAME_INFO}.attendance", 1, 80)


def test_errors_in_other_types_are_explained_too() -> None:
    class Stub(msgspec.Struct):
        method: str
        numbers: tuple[int, ...] = ()

    assert lenient.explain_mismatch(Stub, b'{"method": "x"}') is None
    missing = lenient.explain_mismatch(Stub, b'{"numbers": [1]}')
    assert missing is not None
    assert (missing.path, missing.reason) == ("$", "Object missing required field `method`")
    wrong = lenient.explain_mismatch(Stub, b'{"method": "x", "numbers": [1, "2"]}')
    assert wrong is not None
    assert (wrong.path, wrong.value) == ("$.numbers[1]", "2")


@pytest.mark.parametrize("text", ["1e131072", "1e-16384", "nan", "x"])
def test_a_number_that_would_take_forever_to_pack(text: str) -> None:
    told: list[tuple[str, object]] = []
    assert convert.decimal(text, "$.a", lambda path, value, _reason: told.append((path, value))) is None
    assert told == [("$.a", text)]
    with pytest.raises(Rejected):
        convert.decimal(text, "$.a")
    if text != "x":
        with pytest.raises(Rejected):
            convert.numeric(Decimal(text), "$.a")


AT_ONCE = """
import sys, threading
from mlb_etl import registry
from mlb_etl.extract.strict import strict_shape

sys.setswitchinterval(1e-6)
shapes = [strict_shape(registry.method("mlb_tables", name)) for name in registry.methods("mlb_tables")]
places = [each.document for each in shapes if each is not None]
together = threading.Barrier(8)

def decode():
    for place in places:
        together.wait()
        place.decode_known(b'{"gamePk": 1, "liveData": {"plays": {"allPlays": []}}}')

threads = [threading.Thread(target=decode) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def test_threads_may_decode_a_type_for_the_first_time_at_once() -> None:
    """msgspec collects the facts of a struct when it is first needed, and crashes if another thread needs them then."""
    for _ in range(2):  # without a lock, nine of ten crash
        done = subprocess.run([sys.executable, "-c", AT_ONCE], check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
