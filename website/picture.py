"""Draws docs/pictures/pitches.svg, the picture of README, from a day of simulated games: `just picture`.

The simulator plays the same games each time, so the picture changes only if what comes of them does.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mlb_sim import Simulator, serve, times

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "pitches.svg"
QUERY = """SELECT inning, pitcher_name AS pitcher, batter_name AS batter,
       balls || '-' || strikes AS count, pitch_type AS pitch,
       release_speed AS speed, description, events
FROM game.pitches
WHERE game_pk = 20241315
ORDER BY at_bat_number, pitch_number
LIMIT 12"""
FETCHED_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def main() -> None:
    """Play, load, ask and draw."""
    simulator = Simulator(1, 2024, speed=0)
    simulator.clock.set(times.at(date(2024, 7, 3), 12, offset=0))
    ingest = ("ingest", "--job", "game_live_date", "--date", "2024-07-02", "--transform")
    with tempfile.TemporaryDirectory() as data, serve(simulator) as server:
        own = os.environ | {"MLB_ETL_DATA": data, "MLB_ETL_BASE_URL": server.url, "MLB_ETL_RATE": "off"}
        own.pop("MLB_ETL_DSN", None)
        try:
            for command in (("schema", "init"), ingest):
                subprocess.run(["mlb-etl", *command], env=own, check=True, stdout=sys.stderr)
            asked = ["mlb-etl", "db", "psql", "--", "--pset=footer=off", f"--command={QUERY}"]
            rows = subprocess.run(asked, env=own, check=True, capture_output=True, text=True).stdout
        finally:
            subprocess.run(["mlb-etl", "db", "stop"], env=own, check=True, stdout=sys.stderr)
    PICTURE.write_text(drawn(f"$ mlb-etl {' '.join(ingest)}\n$ mlb-etl db psql\n> {QUERY};\n{rows.rstrip()}"))


def drawn(text: str) -> str:
    """A terminal with the text, as an SVG that fetches no font."""
    lines = text.splitlines()
    console = Console(record=True, width=max(map(len, lines)) + 2, file=io.StringIO())
    for line in lines:
        console.print(Text(line, style="bold cyan" if line.startswith(("$", ">")) else ""))
    return FETCHED_FONT.sub("", console.export_svg(title="one game, pitch by pitch", unique_id="pitches"))


if __name__ == "__main__":
    main()
