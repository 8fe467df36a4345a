"""The hot and cold zones of the current batter."""

from functools import lru_cache
from typing import Any, Final

from mlb_sim.draw import Draw

_PLACES: Final = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "11", "12", "13", "14")
_TEMPERATURES: Final = (
    ("cold", "rgba(8, 88, 240, .55)"),
    ("cool", "rgba(152, 184, 248, .55)"),
    ("lukewarm", "rgba(255, 255, 255, 0.55)"),
    ("warm", "rgba(232, 144, 152, .55)"),
    ("hot", "rgba(216, 40, 48, .55)"),
)
_SORTS: Final = (("battingAverage", 80, 420), ("exitVelocity", 7000, 9900), ("onBasePlusSlugging", 200, 1400))


def _zones(draw: Draw, sort: str, low: int, high: int) -> list[dict[str, str]]:
    zones = []
    for place in _PLACES:
        value = draw.whole(low, high)
        temperature, color = _TEMPERATURES[min(4, (value - low) * 5 // (high - low))]
        text = f"{value / 100:.2f}" if sort == "exitVelocity" else f"{value // 1000 or ''}.{value % 1000:03d}"
        zones.append({"zone": place, "color": color, "temp": temperature, "value": text})
    return zones


@lru_cache(maxsize=256)
def batter(player: int) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The batter's statistics by zone, and his average by zone."""
    draw = Draw("zones", player)
    by_sort = {sort: _zones(draw, sort, low, high) for sort, low, high in _SORTS}
    splits = [{"stat": {"name": sort, "zones": zones}} for sort, zones in by_sort.items()]
    group = {
        "type": {"displayName": "hotColdZones"},
        "group": {"displayName": "hitting"},
        "exemptions": [],
        "splits": splits,
    }
    return {"stats": [group]}, by_sort["battingAverage"]
