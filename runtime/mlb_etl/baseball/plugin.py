"""What this package adds to the runtime: the plug-in that its entry point names."""

from pathlib import Path
from typing import Final

from mlb_etl.plugins import Api, LazyCommand, Plugin, Shortcut

TABLES: Final = "mlb_tables"
_HERE = Path(__file__).parent
SHIPPED: Final = _HERE / "shipped_stubs"
"""The stubs that come with the package: game 747175 as the simulator plays it."""

PLUGIN: Final = Plugin(
    api=Api(
        url="https://statsapi.mlb.com",
        tables=TABLES,
        fastest=5.0,  # the terms allow individual, non-bulk use
        agent="(+individual, non-commercial use)",
        zone="America/New_York",
    ),
    commands={
        "backfill": LazyCommand("mlb_etl.baseball.cli.backfill:backfill", "Ingest many games, in several processes"),
        "live": LazyCommand("mlb_etl.baseball.cli.live:live", "Follow games in progress"),
        "test": LazyCommand("mlb_etl.baseball.cli.load_stub:test", "Work with captured responses instead of the API"),
    },
    examples="mlb_etl.baseball.examples:EXAMPLES",
    jobs=(_HERE / "shipped_jobs", _HERE.parents[2] / "config" / "jobs"),  # if installed, and in a checkout
    listings="mlb_etl.baseball.listings:LISTINGS",
    changing="mlb_etl.baseball.in_progress:IN_PROGRESS",
    pages="mlb_etl.baseball.pages:pages",
    shortcuts=(
        Shortcut(
            "game_pk",
            "Capture this game. Repeatable; the same as --param game_pk=N.",
            "Only this game. Repeatable; the same as --param game_pk=N.",
            "mlb_etl.baseball.completing:games",
        ),
        Shortcut("season", "Capture the games of this season. Repeatable.", complete="mlb_etl.cli.completing:seasons"),
        Shortcut("sport_id", "Capture games of this level of play, by default 1, MLB. Repeatable."),
    ),
)
