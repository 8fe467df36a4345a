"""Figures as Markdown tables and a plot, as docs/performance.md has them.

    just bench --format json >compare.json
    just bench growth --format json >growth.json
    just bench cold --format json >cold.json
    python benchmarks/page.py compare.json growth.json cold.json

keeps the figures in docs/performance.json, and writes its tables into the page and the plot beside the other pictures.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FIGURES, PLOT = DOCS / "performance.md", DOCS / "performance.json", DOCS / "pictures" / "performance.svg"
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
    loads = "" if on["what"] == "cold" else f"{on['games']} games, {on['workers']} workers, "
    yield f"{loads}{on['rounds']} rounds; {on['cpus']} CPUs, a load of {on['load']:.1f} before, Python {on['python']}"
    for number, its in results.get("tables", {}).items():
        yield from _runs(number, its["runs"])
    if "tables" in results:
        yield from _judged(results["tables"])
    for name in ("games", "seasons", "workers"):
        if name in results:
            yield from _grown(name, results[name])
    for name, each in results.get("views", {}).items():
        yield from _table([f"`{name}`", "ms"], ([when, _number(ms)] for when, ms in each.items()))
    if "commands" in results:
        rows = (
            [f"`{name}`", _number(its["ms"]), _number(its["cpu"]) if "cpu" in its else ""]
            for name, its in results["commands"].items()
        )
        yield from _table(["command", "ms", "ms of CPU"], rows)


def _runs(number: str, runs: _Numbers) -> Iterator[str]:
    loaders = {name: its for name, its in runs.items() if "again" in its}
    scenarios = [*next(iter(loaders.values()))]
    head = [f"{number} tables, ms a game", *scenarios, "µs a row at first", "CPU at first", "WAL at first", "peak MB"]
    yield from _table(
        head,
        (
            [
                name,
                *(_number(run["ms"]) for run in its.values()),
                _number(1000 * its["first load"]["ms"] / its["first load"]["rows"])
                if its["first load"]["rows"]
                else "",
                _number(its["first load"]["client_cpu"] + its["first load"]["server_cpu"]),
                f"{its['first load']['wal'] / 1024:.0f} kB" if its["first load"]["rows"] else "",
                f"{max(run['peak_mb'] for run in its.values()):.0f}",
            ]
            for name, its in loaders.items()
        ),
    )
    floors = {**runs["floor"], "raw store": runs["raw store"]["first load"]}
    yield from _table([f"{number} tables, ms a game", ""], ([name, _number(run["ms"])] for name, run in floors.items()))


def _judged(sets: _Numbers) -> Iterator[str]:
    names = [name for name in next(iter(sets.values())) if name != "runs"]
    rows = (
        [f"`{name}`", *(_number(its[name]) for its in sets.values()), _limit(*LIMITS[name]) if name in LIMITS else ""]
        for name in names
    )
    yield from _table(["", *(f"{number} tables" for number in sets), "target"], rows)


def _limit(least: bool, limit: float) -> str:  # noqa: FBT001 - a fact of LIMITS
    return f"at {'least' if least else 'most'} {limit}"


def _grown(name: str, its: _Numbers) -> Iterator[str]:
    rows = (
        [
            number,
            _number(run["ms"]),
            _number(run["client_cpu"]),
            _number(run["server_cpu"]),
            _number(1000 * run["ms"] / run["rows"]),
            str(run["peak_mb"]),
        ]
        for number, run in its.items()
    )
    yield from _table([name, "ms a game", "CPU of clients", "CPU of the server", "µs a row", "peak MB"], rows)


def _table(head: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'--:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:,.0f}"  # noqa: PLR2004 - digits


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
            bars.append(f'<text x="{_LABELS + width + 6}" y="{y}">{_number(ms)}</text>')
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


def written(page: str, figures: _Numbers) -> str:
    """The page with the tables of these figures in place of those that it has."""
    for what, results in figures.items():
        lines = "\n".join(tables(results))
        pattern = _PART.format(re.escape(what), "(.*?)")
        page, number = re.subn(pattern, lambda _: _PART.format(what, lines), page, flags=re.DOTALL)  # noqa: B023
        if number != 1:
            raise SystemExit(f"{PAGE} has no part for {what}")
    return page


def main() -> None:
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for file in sys.argv[1:]:
        results = json.loads(Path(file).read_text())
        figures[results["on"]["what"]] = results
    FIGURES.write_text(f"{json.dumps(figures, indent=1)}\n")
    PAGE.write_text(written(PAGE.read_text(), figures))
    PLOT.write_text(plot(figures["compare"]))


if __name__ == "__main__":
    main()
