"""The text of a box score: summaries, decisions, notes on substitutes, and lists such as 2B, HR and RBI."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from mlb_sim import positions, times
from mlb_sim.feed import rates
from mlb_sim.feed.decisions import Decisions
from mlb_sim.feed.lines import Tally
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.feed.standing import Standing
from mlb_sim.play.state import AWAY, HOME

_PINCH: Final = frozenset({positions.PINCH_HITTER, positions.PINCH_RUNNER})
_BATTED: Final = (
    ("2B", "doubles"),
    ("3B", "triples"),
    ("HR", "homeRuns"),
    ("TB", "totalBases"),
    ("RBI", "rbi"),
    ("SF", "sacFlies"),
    ("SAC", "sacBunts"),
    ("GIDP", "groundIntoDoublePlay"),
)
_RAN: Final = (("SB", "stolenBases"), ("CS", "caughtStealing"), ("PO", "pickoffs"))
_FIELDED: Final = (("E", "errors"), ("PB", "passedBall"))
_PITCHED: Final = (("WP", "wildPitches"), ("Balk", "balks"), ("HBP", "hitByPitch"), ("IBB", "intentionalWalks"))


def decisions(book: Scorebook) -> Decisions | None:
    """The decisions, once the game is over."""
    if not book.status.is_over:
        return None
    side = HOME if book.score[HOME] > book.score[AWAY] else AWAY
    return book.ledger.decide(side, {player: line["outs"] for player, line in book.lines.pitching.items()})


def decision(book: Scorebook, player: int) -> str:
    """The note after a pitcher's name, such as his win with his record."""
    known = decisions(book)
    if known is None:
        return ""
    parts = [
        letter
        for letter, whom in (
            ("BS", known.blown),
            ("H", known.holds),
            ("W", (known.winner,)),
            ("L", (known.loser,)),
            ("S", (known.save,)),
        )
        if player in whom
    ]
    return "".join(f"({part})" for part in parts)


def _joined(*parts: tuple[int, str]) -> str:
    return ", ".join(name if count == 1 else f"{count} {name}" for count, name in parts if count)


def batting_summary(line: Tally) -> str:
    """`2-4 | HR, 2 RBI`"""
    extra = _joined(
        (line["doubles"], "2B"), (line["triples"], "3B"), (line["homeRuns"], "HR"), (line["baseOnBalls"], "BB"),
        (line["strikeOuts"], "K"), (line["rbi"], "RBI"), (line["runs"], "R"), (line["stolenBases"], "SB"),
    )  # fmt: skip
    return f"{line['hits']}-{line['atBats']}{f' | {extra}' if extra else ''}"


def pitching_summary(line: Tally) -> str:
    """`7.0 IP, 3 ER, 5 K, BB`"""
    return (
        f"{rates.innings(line['outs'])} IP, {line['earnedRuns']} ER, {line['strikeOuts']} K, {line['baseOnBalls']} BB"
    )


def batting_score(line: Tally) -> int:
    """The score that ranks batting lines."""
    return (
        45
        + 6 * line["totalBases"]
        + 4 * line["rbi"]
        + 3 * line["runs"]
        + 2 * line["baseOnBalls"]
        - 2 * line["strikeOuts"]
    )


def pitching_score(line: Tally) -> int:
    """The score that ranks pitching lines."""
    return (
        45 + line["outs"] + 2 * line["strikeOuts"] - 2 * line["hits"] - 5 * line["earnedRuns"] - 2 * line["baseOnBalls"]
    )


def _pinch_hitters(book: Scorebook, side: int) -> list[int]:
    lineup = book.lineups[side]
    return [player for player in lineup.batters if book.started and lineup.played[player][0] in _PINCH]


def letter(book: Scorebook, side: int, player: int) -> str:
    """The letter of the note on a substitute."""
    substitutes_ = _pinch_hitters(book, side)
    return f"{_mark(side, substitutes_.index(player))}-" if player in substitutes_ else ""


def _mark(side: int, number: int) -> str:
    return chr(ord("a") + number) if side == HOME else str(number + 1)


def substitutes(book: Scorebook, side: int) -> list[dict[str, str]]:
    """The notes on pinch-hitters and pinch-runners."""
    lineup, names = book.lineups[side], book.league.people
    tasks = {positions.PINCH_HITTER: "to bat", positions.PINCH_RUNNER: "to run"}
    return [
        {"label": _mark(side, n), "value": f"{names[player].short_name} came in {tasks[lineup.played[player][0]]}."}
        for n, player in enumerate(_pinch_hitters(book, side))
    ]


def _who(book: Scorebook, table: dict[int, Tally], players: list[int], name: str) -> str:
    people = book.league.people
    found = [
        (people[player].short_name, table[player][name])
        for player in players
        if player in table and table[player][name]
    ]
    return "; ".join(who if count == 1 else f"{who} {count}" for who, count in found)


def _fields(
    book: Scorebook, table: dict[int, Tally], players: list[int], names: tuple[tuple[str, str], ...]
) -> list[dict[str, str]]:
    return [
        {"label": label, "value": f"{value}."} for label, name in names if (value := _who(book, table, players, name))
    ]


def team(book: Scorebook, side: int) -> list[dict[str, Any]]:
    """The batting, running and fielding lists of a team."""
    lineup = book.lineups[side]
    left = sum(halves[side].left for halves in book.innings)
    batting = [*_fields(book, book.lines.batting, lineup.batters, _BATTED), {"label": "Team LOB", "value": f"{left}."}]
    groups = (
        ("BATTING", batting),
        ("BASERUNNING", _fields(book, book.lines.batting, lineup.batters, _RAN)),
        ("FIELDING", _fields(book, book.lines.fielding, [*lineup.batters, *lineup.pitchers], _FIELDED)),
    )
    return [{"title": title, "fieldList": fields} for title, fields in groups if fields]


def game(book: Scorebook, standing: Standing, today: date) -> list[dict[str, str]]:
    """The notes below a box score."""
    venue = book.fixture.home.venue
    info: list[dict[str, str]] = []
    if book.started:
        info += _pitched(book)
    crew = (
        f"{place}: {umpire.name}. " for place, umpire in zip(("HP", "1B", "2B", "3B"), standing.umpires, strict=True)
    )
    info.append({"label": "Umpires", "value": "".join(crew) if book.started else ""})
    if book.started:
        info += [
            {"label": "Weather", "value": f"{standing.degrees} degrees, {standing.sky}."},
            {"label": "Wind", "value": f"{standing.wind}."},
        ]
    if book.first_pitch is not None:
        info.append({"label": "First pitch", "value": " ".join(times.clock(book.first_pitch, venue.offset)) + "."})
    if book.status.is_over:
        info.append({"label": "Att", "value": f"{standing.attendance:,}."})
    info.append({"label": "Venue", "value": f"{venue.name}."})
    return [*info, {"label": f"{today:%B} {today.day}, {today.year}"}]


def _pitched(book: Scorebook) -> Iterator[dict[str, str]]:
    pitchers = [player for lineup in book.lineups for player in lineup.pitchers]
    yield from _fields(book, book.lines.pitching, pitchers, _PITCHED)
    people, lines = book.league.people, book.lines.pitching

    def each(show: Callable[[Tally], str]) -> str:
        return "; ".join(f"{people[player].short_name} {show(lines[player])}" for player in pitchers) + "."

    yield {"label": "Pitches-strikes", "value": each(lambda line: f"{line['numberOfPitches']}-{line['strikes']}")}
    yield {"label": "Groundouts-flyouts", "value": each(lambda line: f"{line['groundOuts']}-{line['flyOuts']}")}
    yield {"label": "Batters faced", "value": each(lambda line: f"{line['battersFaced']}")}
