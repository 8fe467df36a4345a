"""The edits that docs/migrations.md speaks of, in the working directory's mapping: python umpires.py link|partition."""

import re
import sys
from pathlib import Path

MAPPING = Path("schemas/mappings/game/live_game_v1.yaml")
LINK = "      - {name: umpire_link, type: text, path: umpire.official.link, description: Where the API tells of him.}\n"


def edit(what: str) -> None:
    """A column more, or no partitions, of game.live_game_umpires."""
    text = MAPPING.read_text()
    at = text.index("- name: game.live_game_umpires")
    if what == "link":
        at = text.index("      - {name: official_name", at)
        at = text.index("\n", at) + 1
        MAPPING.write_text(text[:at] + LINK + text[at:])
    else:
        duplicates = re.compile("    duplicates: first\n")
        assert duplicates.search(text, at)
        MAPPING.write_text(text[:at] + duplicates.sub("    duplicates: first\n    partition_by: none\n", text[at:], 1))


if __name__ == "__main__":
    edit(sys.argv[1])
