"""Figures as Markdown tables and a plot, as docs/performance.md has them.

    just bench --format json >compare.json
    just bench growth --format json >growth.json
    just bench cold --format json >cold.json
    just bench live --format json >live.json
    just bench captures --format json >captures.json
    python benchmarks/page.py compare.json growth.json cold.json live.json captures.json

keeps the figures in docs/performance.json, and writes their tables into the page, what they come to for more games into
docs/scale.md (scale.py), and the plot beside the other pictures.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import scale
from lines import digits, table

DOCS = Path(__file__).parents[1] / "docs"
PAGE, SCALE, FIGURES = DOCS / "performance.md", DOCS / "scale.md", DOCS / "performance.json"
PLOT = DOCS / "pictures" / "performance.svg"
LIMITS = {  # of the targets: whether at least or at most
    "dlt_ratio": (True, 20),
    "expert_ratio": (True, 2),
    "floor_ratio": (False, 2.5),
    "unchanged_ms_per_game": (False, 0.1),
    "document_ms": (False, 20),
    "peak_memory_mb": (False, 300),
}
_PART = "<!-- {0} -->\n{1}\n<!-- end of {0} -->"
_WIDTH, _BAR, _LABELS = 760, 18, 150  # of the plot, in pixels
_Numbers = Mapping[str, Any]


def tables(results: _Numbers) -> Iterator[str]:
    """The lines of all tables of one run."""
    on = results["on"]
    how = f"{on['seconds']:.0f} seconds each" if on["what"] == "live" else f"{on['rounds']} rounds"
    loads = f"{on['games']} games, {on['workers']} workers, " if on["what"] in {"compare", "growth"} else ""
    yield f"{loads}{how}; {on['cpus']} CPUs, a load of {on['load']:.1f} before, Python {on['python']}"
    for number, its in results.get("tables", {}).items():
        yield from _runs(number, its["runs"])
    if "tables" in results:
        yield from _judged(results["tables"])
    for name in ("games", "seasons", "workers"):
        if name in results:
            yield from _grown(name, results[name])
    for name, each in results.get("views", {}).items():
        yield from table([f"`{name}`", "ms"], ([when, digits(ms)] for when, ms in each.items()))
    if "stored" in results:
        rows = ([f"stored: {name}", digits(size / 1024)] for name, size in results["stored"].items())
        yield from table(["", "kB a game"], rows)
        rows = (
            [name, *(digits(its[key]) for key in ("ms", "client_cpu", "server_cpu"))]
            for name, its in results["questions"].items()
        )
        yield from table(["question", "ms", "CPU of the client", "CPU of the server"], rows)
    if "commands" in results:
        rows = (
            [f"`{name}`", digits(its["ms"]), digits(its["cpu"]) if "cpu" in its else ""]
            for name, its in results["commands"].items()
        )
        yield from table(["command", "ms", "ms of CPU"], rows)
    if "live" in results:
        yield from _followed(results["live"])
    if "captures" in results:
        rows = (
            [name, *(digits(its[key]) if key in its else "" for key in ("bytes", "write_ms", "read_ms"))]
            for name, its in results["captures"].items()
        )
        yield from table(["how", "bytes a capture", "ms to write", "ms to read"], rows)


def _runs(number: str, runs: _Numbers) -> Iterator[str]:
    loaders = {name: its for name, its in runs.items() if "again" in its}
    scenarios = [*next(iter(loaders.values()))]
    head = [f"{number} tables, ms a game", *scenarios, "µs a row at first", "CPU at first", "WAL at first", "peak MB"]
    yield from table(
        head,
        (
            [
                name,
                *(digits(run["ms"]) for run in its.values()),
                digits(1000 * its["first load"]["ms"] / its["first load"]["rows"]) if its["first load"]["rows"] else "",
                digits(its["first load"]["client_cpu"] + its["first load"]["server_cpu"]),
                f"{its['first load']['wal'] / 1024:.0f} kB" if its["first load"]["rows"] else "",
                f"{max(run['peak_mb'] for run in its.values()):.0f}",
            ]
            for name, its in loaders.items()
        ),
    )
    floors = {**runs["floor"], "raw store": runs["raw store"]["first load"]}
    yield from table([f"{number} tables, ms a game", ""], ([name, digits(run["ms"])] for name, run in floors.items()))


def _judged(sets: _Numbers) -> Iterator[str]:
    names = [name for name in next(iter(sets.values())) if name != "runs"]
    rows = (
        [f"`{name}`", *(digits(its[name]) for its in sets.values()), _limit(*LIMITS[name]) if name in LIMITS else ""]
        for name in names
    )
    yield from table(["", *(f"{number} tables" for number in sets), "target"], rows)


def _limit(least: bool, limit: float) -> str:  # noqa: FBT001 - a fact of LIMITS
    return f"at {'least' if least else 'most'} {limit}"


def _grown(name: str, its: _Numbers) -> Iterator[str]:
    rows = (
        [
            number,
            digits(run["ms"]),
            digits(run["client_cpu"]),
            digits(run["server_cpu"]),
            digits(1000 * run["ms"] / run["rows"]),
            str(run["peak_mb"]),
        ]
        for number, run in its.items()
    )
    yield from table([name, "ms a game", "CPU of clients", "CPU of the server", "µs a row", "peak MB"], rows)


def _followed(ways: _Numbers) -> Iterator[str]:
    head = [
        "polled for",
        "captures a second",
        "applied",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "cores of live",
        "cores of PostgreSQL",
    ]
    rows = (
        [
            name,
            digits(its["captures_per_second"]),
            f"{its['applied']}",
            *(digits(its["latency_ms"][each]) for each in ("p50", "p95", "p99")),
            *(digits(its["cores"][each]) for each in ("live", "postgres")),
        ]
        for name, its in ways.items()
    )
    yield from table(head, rows)
    rows = (
        [name, f"{its['captures']}", *(digits(its[f"{each}_bytes_per_capture"]) for each in ("body", "table"))]
        for name, its in ways.items()
    )
    yield from table(["polled for", "captures stored", "bytes of a body", "bytes in the raw table"], rows)


def plot(results: _Numbers) -> str:
    """Bars for the first load of each loader, milliseconds a game, for each set of tables."""
    bars: list[str] = []
    y = 24
    for number, its in results["tables"].items():
        runs = {name: each["first load"]["ms"] for name, each in its["runs"].items() if "again" in each}
        longest = max(runs.values())
        bars.append(f'<text x="8" y="{y}" class="title">{number} tables: a first load, ms a game</text>')
        for name, ms in runs.items():
            y += _BAR + 6
            width = max(1, round((_WIDTH - _LABELS - 70) * ms / longest))
            kind = "ours" if name.startswith("ours") else "other"
            bars.append(f'<text x="{_LABELS - 6}" y="{y}" text-anchor="end">{escape(name)}</text>')
            bars.append(f'<rect x="{_LABELS}" y="{y - 13}" width="{width}" height="{_BAR}" class="{kind}"/>')
            bars.append(f'<text x="{_LABELS + width + 6}" y="{y}">{digits(ms)}</text>')
        y += 48
    lines = "\n".join(bars)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y - 24}" role="img">
<title>Milliseconds that a first load takes a game, by loader</title>
<style>
text {{ font: 13px system-ui, sans-serif; fill: #334155; }}
.title {{ font-weight: 600; }}
.ours {{ fill: #0f766e; }}
.other {{ fill: #94a3b8; }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #cbd5e1; }} .ours {{ fill: #2dd4bf; }} }}
</style>
{lines}
</svg>
"""


def written(page: str, parts: Mapping[str, Iterator[str]]) -> str:
    """The page with these lines in place of those that its parts have."""
    for what, found in parts.items():
        lines = "\n".join(found)
        pattern = _PART.format(re.escape(what), "(.*?)")
        page, number = re.subn(pattern, lambda _: _PART.format(what, lines), page, flags=re.DOTALL)  # noqa: B023
        if number != 1:
            raise SystemExit(
                f"a page has no place for the figures of {what}: <!-- {what} --> to <!-- end of {what} -->"
            )
    return page


def pages(figures: _Numbers) -> dict[Path, str]:
    """The pages as they are to be, by file."""
    parts = {what: tables(results) for what, results in figures.items()}
    return {
        PAGE: written(PAGE.read_text(), parts),
        SCALE: written(SCALE.read_text(), {"scale": scale.tables(figures)}),
        PLOT: plot(figures["compare"]),
    }


def main() -> None:
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for file in sys.argv[1:]:
        results = json.loads(Path(file).read_text())
        figures[results["on"]["what"]] = results
    FIGURES.write_text(f"{json.dumps(figures, indent=1)}\n")
    for file, text in pages(figures).items():
        file.write_text(text)


if __name__ == "__main__":
    main()
