"""Tracking data of pitches and batted balls: plausible values without physics."""

from typing import Any, Final

from mlb_sim.draw import Draw
from mlb_sim.people import Person
from mlb_sim.play.log import Hit

OLD_UNTIL: Final = 2019  # PITCHf/x identifiers and the nasty factor
ZONE_SIZE_SINCE: Final = 2025  # width and depth of the zone, no length of the break

TYPES: Final[dict[str, tuple[str, float, float, float, int, str]]] = {
    # words, mph, inches of horizontal and induced vertical break to the right-hander's arm side, rpm, color
    "FF": ("Four-Seam Fastball", 94.2, 7.0, 16.0, 2290, "rgba(196, 32, 48, 1.0)"),
    "SI": ("Sinker", 93.3, 15.0, 8.0, 2140, "rgba(158, 24, 96, 1.0)"),
    "FC": ("Cutter", 89.4, -2.0, 8.0, 2370, "rgba(140, 16, 88, 1.0)"),
    "SL": ("Slider", 85.4, -5.0, 2.0, 2420, "rgba(16, 16, 240, 1.0)"),
    "ST": ("Sweeper", 82.1, -14.0, 1.0, 2560, "rgba(48, 48, 48, 1.0)"),
    "CU": ("Curveball", 79.0, -9.0, -10.0, 2530, "rgba(8, 40, 248, 1.0)"),
    "KC": ("Knuckle Curve", 80.8, -6.0, -11.0, 2500, "rgba(24, 80, 232, 1.0)"),
    "CH": ("Changeup", 85.6, 14.0, 6.0, 1760, "rgba(8, 88, 248, 1.0)"),
    "FS": ("Splitter", 86.4, 11.0, 3.0, 1420, "rgba(64, 112, 208, 1.0)"),
}
_ARSENALS: Final = (
    (("FF", 0.5), ("SL", 0.25), ("CH", 0.25)),
    (("FF", 0.4), ("CU", 0.2), ("CH", 0.2), ("SL", 0.2)),
    (("SI", 0.45), ("SL", 0.3), ("CH", 0.15), ("FF", 0.1)),
    (("FC", 0.35), ("FF", 0.3), ("KC", 0.2), ("FS", 0.15)),
    (("FF", 0.45), ("ST", 0.3), ("SI", 0.15), ("CH", 0.1)),
)
_RECLASSIFIED: Final = {
    "FF": "SI",
    "SI": "FF",
    "FC": "SL",
    "SL": "FC",
    "ST": "SL",
    "CU": "KC",
    "KC": "CU",
    "CH": "FS",
    "FS": "CH",
}
_SPREAD: Final = {"B": (1.05, 1.0), "*B": (0.8, 0.6), "C": (0.42, 0.45), "H": (0.7, 0.9)}
_FEET: Final = 1.46667  # feet a second for a mile an hour
_PLATE: Final = 0.83  # half the plate and a ball, in feet
_ANGLES: Final = {
    "ground_ball": (-14, 8),
    "line_drive": (15, 5),
    "fly_ball": (36, 6),
    "popup": (62, 7),
    "bunt_grounder": (-35, 8),
}
_SPEEDS: Final = {"soft": (66, 5), "medium": (88, 5), "hard": (102, 3)}
_SPOTS: Final = {
    "1": (125, 172), "2": (125, 198), "3": (163, 160), "4": (146, 142), "5": (88, 160), "6": (106, 142), "7": (68, 96),
    "8": (125, 76), "9": (182, 96),
}  # fmt: skip


def pitch_type(draw: Draw, pitcher: Person) -> str:
    """One of the pitcher's pitch types."""
    return draw.weighted(_ARSENALS[pitcher.id % len(_ARSENALS)])


def reclassified(pitch_type: str) -> str:
    """The pitch type after a manual review."""
    return _RECLASSIFIED[pitch_type]


def _place(draw: Draw, code: str, zone: tuple[float, float]) -> tuple[float, float]:
    """The point where the ball crosses the plate."""
    top, bottom = zone
    middle = (top + bottom) / 2
    if code not in {"B", "*B", "H"}:
        wide, high = _SPREAD.get(code, (0.5, 0.55))
        return draw.around(0, wide), draw.around(middle, high)
    if code == "*B":
        return draw.around(0, 0.8), draw.between(-0.6, 0.7)
    side = 1 if draw.chance(0.5) else -1
    if code == "H":
        return side * draw.between(1.7, 2.6), draw.around(middle, 0.8)
    if draw.chance(0.6):
        return side * draw.between(_PLATE + 0.05, 1.9), draw.around(middle, 0.7)
    return draw.around(0, 0.6), draw.between(top + 0.15, top + 1.2) if draw.chance(0.4) else draw.between(
        bottom - 1.2, bottom - 0.15
    )


def _zone(x: float, z: float, top: float, bottom: float) -> int:
    """1 to 9 within the strike zone from the catcher's top left, 11 to 14 around it."""
    if abs(x) <= _PLATE and bottom <= z <= top:
        column = min(2, int((x + _PLATE) / (2 * _PLATE) * 3))
        row = min(2, int((top - z) / (top - bottom) * 3))
        return 1 + column + 3 * row
    return 11 + (x > 0) + 2 * (z < (top + bottom) / 2)


def pitch(draw: Draw, season: int, pitcher: Person, batter: Person, *, kind: str, code: str) -> dict[str, Any]:
    """The pitchData of a pitch."""
    _, mean, across, rise, spin, _ = TYPES[kind]
    arm = 1.0 if pitcher.throws == "R" else -1.0
    speed = draw.around(mean + 0.9 * pitcher.pitching, 0.9)
    top, bottom = batter.zone
    x, z = _place(draw, code, batter.zone)
    flight = 54.0 / (speed * _FEET * 0.955)
    run, lift = draw.around(across, 1.6) * arm, draw.around(rise, 1.6)
    ax, az = -run / 6 / (flight * flight), lift / 6 / (flight * flight) - 32.174
    x0, z0 = -arm * draw.around(1.9, 0.25), draw.around(5.85, 0.2)
    turn = draw.between(0, 1)
    drop = -(32.174 * flight * flight * 6) + lift
    late = season >= ZONE_SIZE_SINCE
    old = season <= OLD_UNTIL
    return {
        "startSpeed": round(speed, 1),
        "endSpeed": round(speed * 0.917, 1),
        **({"nastyFactor": round(draw.between(20, 80), 2)} if old else {}),
        "strikeZoneTop": top,
        "strikeZoneBottom": bottom,
        **({"strikeZoneWidth": 17.0, "strikeZoneDepth": 8.5} if late else {}),
        "coordinates": {
            "aY": 24.0 + (speed - 85) * 0.55 + turn,
            "aZ": az,
            "pfxX": -run / 2 * 0.93,
            "pfxZ": lift / 2 * 1.4,
            "pX": x,
            "pZ": z,
            "vX0": (x - x0 - ax * flight * flight / 2) / flight,
            "vY0": -speed * _FEET * 0.99,
            "vZ0": (z - z0 - az * flight * flight / 2) / flight,
            "x": round(117.0 - 38.1 * x, 2),
            "y": round(238.8 - 27.0 * z, 2),
            "x0": x0,
            "y0": 50.0 + turn / 150,
            "z0": z0,
            "aX": ax,
        },
        "breaks": {
            "breakAngle": round(abs(run) * 2.1, 1),
            **({} if late else {"breakLength": round(3.0 + abs(drop) / 6, 1), "breakY": 24.0}),
            "breakVertical": round(drop, 1),
            "breakVerticalInduced": round(lift, 1),
            "breakHorizontal": round(-run, 1),
            "spinRate": int(draw.around(spin, 90)),
            "spinDirection": int(180 + arm * 40 + draw.around(0, 20)) % 360,
        },
        "zone": _zone(x, z, top, bottom),
        **({} if late else {"typeConfidence": round(draw.between(0.8, 0.99), 2)}),
        "plateTime": flight,
        "extension": draw.around(6.4, 0.25),
    }


def batted(draw: Draw, hit: Hit) -> dict[str, Any]:
    """The hitData of a batted ball."""
    angle = round(draw.around(*((27, 3) if hit.gone else _ANGLES[hit.trajectory])), 0)
    speed = round(draw.around(*((104, 2.5) if hit.gone else _SPEEDS[hit.hardness])), 1)
    reach = {"ground_ball": 40, "bunt_grounder": 12, "popup": 170, "line_drive": 240, "fly_ball": 320}[hit.trajectory]
    x, y = _SPOTS[hit.location]
    return {
        "launchSpeed": speed,
        "launchAngle": angle,
        "totalDistance": round(draw.around(410 if hit.gone else reach, 10), 0),
        "trajectory": hit.trajectory,
        "hardness": hit.hardness,
        "location": hit.location,
        "coordinates": {
            "coordX": round(draw.around(x, 6), 2),
            "coordY": round(draw.around(y - (40 if hit.gone else 0), 6), 2),
        },
    }
