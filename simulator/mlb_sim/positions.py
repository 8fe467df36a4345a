"""Positions, as the API writes them."""

from typing import Any, Final

Position = str  # the code of a position: "1" pitcher .. "9" right field, "10" designated hitter, "11" and "12" pinch

PITCHER: Final = "1"
CATCHER: Final = "2"
DESIGNATED_HITTER: Final = "10"
PINCH_HITTER: Final = "11"
PINCH_RUNNER: Final = "12"
FIELD: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9")
INFIELD: Final = ("3", "4", "5", "6")
OUTFIELD: Final = ("7", "8", "9")

_FACTS: dict[Position, tuple[str, str, str]] = {
    "1": ("Pitcher", "Pitcher", "P"),
    "2": ("Catcher", "Catcher", "C"),
    "3": ("First Base", "Infielder", "1B"),
    "4": ("Second Base", "Infielder", "2B"),
    "5": ("Third Base", "Infielder", "3B"),
    "6": ("Shortstop", "Infielder", "SS"),
    "7": ("Outfielder", "Outfielder", "LF"),
    "8": ("Outfielder", "Outfielder", "CF"),
    "9": ("Outfielder", "Outfielder", "RF"),
    "10": ("Designated Hitter", "Hitter", "DH"),
    "11": ("Pinch Hitter", "Hitter", "PH"),
    "12": ("Pinch Runner", "Runner", "PR"),
}
DOCUMENTS: dict[Position, dict[str, Any]] = {
    code: {"code": code, "name": name, "type": kind, "abbreviation": short}
    for code, (name, kind, short) in _FACTS.items()
}
SPOKEN: dict[Position, str] = {
    "1": "pitcher", "2": "catcher", "3": "first baseman", "4": "second baseman", "5": "third baseman", "6": "shortstop",
    "7": "left fielder", "8": "center fielder", "9": "right fielder", "10": "designated hitter", "11": "pinch-hitter",
    "12": "pinch-runner",
}  # fmt: skip
ON_DEFENSE: dict[Position, str] = {
    "1": "pitcher", "2": "catcher", "3": "first", "4": "second", "5": "third", "6": "shortstop", "7": "left",
    "8": "center", "9": "right",
}  # fmt: skip


def kind(position: Position) -> str:
    """Pitcher, Catcher, Infielder, Outfielder, Hitter or Runner."""
    return _FACTS[position][1]


def short(position: Position) -> str:
    """The abbreviation, such as SS."""
    return _FACTS[position][2]
