"""What figures of one machine come to for more games than it was measured with; docs/scale.md has the tables.

All of it is multiplication: it says what to expect, not what was seen.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lines import digits, table

GAMES = {
    "a season of the major leagues": 2_430,
    "a season of every level": 10_000,
    "20 seasons of the major leagues": 20 * 2_430,
    "20 seasons of every level": 200_000,
    "70 seasons of every level": 700_000,
}
LIVE, INTERVAL = 100, 10  # games at once, seconds between two polls of one
READERS, PAUSE = 1_000, 10  # people, seconds between two questions of one
DISK = 10**12  # bytes
_GB, _MINUTE, _SECOND = 10**9, 60_000, 1_000
_Figures = Mapping[str, Any]


def tables(figures: _Figures) -> Iterator[str]:
    """The lines of docs/scale.md that depend on figures."""
    growth, live = figures["growth"], figures["live"]["live"]["whole feeds"]
    most = max(growth["games"], key=int)
    its, stored, cpus, workers = growth["games"][most], growth["stored"], growth["on"]["cpus"], growth["on"]["workers"]
    yield f"From figures of {cpus} CPUs: a first load of {int(most):,} games, all tables, {workers} workers."
    rows = (
        [
            name,
            f"{games:,}",
            f"{digits(games * its['rows'] / 10**6)} million",
            f"{digits(games * stored['tables'] / _GB)} GB",
            f"{digits(games * stored['raw'] / _GB)} GB",
            _duration(games * its["ms"]),
        ]
        for name, games in GAMES.items()
    )
    yield from table(["stored", "games", "rows", "tables", "raw", "a first load"], rows)
    poll = sum(live["cores"].values()) / live["captures_per_second"]
    question = max(each["server_cpu"] for each in growth["questions"].values()) / _SECOND
    at_once = [
        [f"{LIVE} live games, each polled every {INTERVAL} s", digits(LIVE / INTERVAL * poll)],
        [f"{READERS:,} readers, each with a question every {PAUSE} s", digits(READERS / PAUSE * question)],
    ]
    yield from table(["at once", "CPUs"], at_once)
    a_game = stored["tables"] + stored["raw"]
    ends = [
        ["1 TB of disk, for tables, indexes and one capture a game", f"{DISK / a_game:,.0f} games"],
        [f"{cpus} CPUs that follow live games", f"{cpus / poll * INTERVAL:,.0f} games at once"],
        [f"{cpus} CPUs that answer readers", f"{cpus / question:,.0f} questions a second"],
    ]
    yield from table(["what ends", "at"], ends)


def _duration(ms: float) -> str:
    minutes = ms / _MINUTE
    return f"{digits(minutes)} min" if minutes < 2 * 60 else f"{digits(minutes / 60)} h"
