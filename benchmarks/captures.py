"""Captures of a live game as they could be stored: each alone, or compressed with another one as zstd's dictionary.

`alone` is what the raw tables hold. In a `chain` the dictionary is the capture before, in a `star` the last whole one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean
from time import process_time

import orjson
import zstandard

from mlb_sim import Simulator
from mlb_sim.times import MINUTE

_WINDOW_LOG = 22  # 4 MiB: the dictionary and the capture are within reach of each other
_MOST = 1 << 27  # bytes of a capture
_LOOK = 7  # each of so many captures is read back


@dataclass(frozen=True, slots=True)
class Way:
    """How captures are stored: the level, and each how many are whole; all if `every` is 1."""

    level: int
    every: int = 1
    chain: bool = False

    def before(self, number: int) -> int | None:
        """The capture that is the dictionary of this one; None for a whole one."""
        if not number % self.every:
            return None
        return number - 1 if self.chain else number - number % self.every


WAYS = {
    "alone, level 1": Way(1),
    "alone, level 3": Way(3),
    "star, each 10th whole, level 1": Way(1, 10),
    "star, each 10th whole, level 3": Way(3, 10),
    "star, each 50th whole, level 3": Way(3, 50),
    "chain, each 10th whole, level 3": Way(3, 10, chain=True),
    "chain, each 50th whole, level 3": Way(3, 50, chain=True),
}


def measure(rounds: int, polls: int = 360, seconds: int = 30) -> dict[str, dict[str, float]]:
    """Of each way the bytes a capture, and milliseconds of CPU to write and to read one, those of the best round."""
    captures = list(_captures(polls, seconds))
    return {
        "none": {"bytes": mean(map(len, captures)), "captures": len(captures)},
        **{name: _best([_stored(way, captures) for _ in range(rounds)]) for name, way in WAYS.items()},
    }


def _captures(polls: int, seconds: int) -> Iterator[bytes]:
    """The contents of a game's feed from first pitch on, without those that repeat."""
    simulator = Simulator(3, 2024)
    fixture = simulator.calendar.fixtures[0]
    start, before = simulator.timeline(fixture).first_pitch, b""
    for number in range(polls):
        data = orjson.dumps(simulator.feed(fixture, start + number * seconds * MINUTE // 60))
        if data != before:
            yield data
        before = data


def _best(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def _stored(way: Way, captures: list[bytes]) -> dict[str, float]:
    clock = process_time()
    stored = [_compressed(way, captures, number) for number in range(len(captures))]
    written = process_time() - clock
    looked = range(0, len(captures), _LOOK)
    clock = process_time()
    read = [_read(way, stored.__getitem__, number) for number in looked]
    took = process_time() - clock
    if read != [captures[number] for number in looked]:
        raise SystemExit(f"{way} does not read back what was written")
    return {
        "bytes": mean(map(len, stored)),
        "write_ms": written * 1000 / len(captures),
        "read_ms": took * 1000 / len(looked),
    }


def _compressed(way: Way, captures: list[bytes], number: int) -> bytes:
    before = way.before(number)
    if before is None:
        return zstandard.ZstdCompressor(level=way.level, write_checksum=True).compress(captures[number])
    parameters = zstandard.ZstdCompressionParameters.from_level(way.level, window_log=_WINDOW_LOG, write_checksum=1)
    return zstandard.ZstdCompressor(
        compression_params=parameters, dict_data=_dictionary(captures[before])
    ).compress(captures[number])  # fmt: skip


def _read(way: Way, stored: Callable[[int], bytes], number: int) -> bytes:
    before = way.before(number)
    if before is None:
        return zstandard.ZstdDecompressor().decompress(stored(number), max_output_size=_MOST)
    dictionary = _dictionary(_read(way, stored, before))
    reader = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << _WINDOW_LOG)
    return reader.decompress(stored(number), max_output_size=_MOST)


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
