"""What a schedule holds of its games only on request."""

from typing import Any, Final

from mlb_sim.draw import Draw
from mlb_sim.fixtures import SERIES_LENGTH, Fixture
from mlb_sim.league import Team, team_reference
from mlb_sim.simulator import Simulator
from mlb_sim.times import Moment

_SIDES: Final = ("away", "home")
_SPANISH: Final = 5  # every fifth home team has a broadcast in Spanish
_NETWORKS: Final = ("fox", "tbs", "espn", "fs1", "mlbn")


def probable_pitchers(simulator: Simulator, fixture: Fixture, now: Moment) -> list[dict[str, Any]]:
    """The pitchers who are expected to start, or started."""
    probable = simulator.feed(fixture, now)["gameData"]["probablePitchers"]
    return [probable[side] for side in _SIDES]


def of_game(simulator: Simulator, fixture: Fixture, hydrate: set[str], now: Moment) -> dict[str, Any]:
    """The members that these hydrations add to a listed game."""
    added: dict[str, Any] = {}
    if hydrate & {"decisions", "flags", "review"}:
        feed = simulator.feed(fixture, now)
        known = {**feed["gameData"], **feed["liveData"]}
        flags = {name: known["flags"][name] for name in ("noHitter", "perfectGame")}
        added |= {name: known[name] for name in ("decisions", "review") if name in hydrate and name in known}
        added |= {"flags": flags} if "flags" in hydrate else {}
    if "broadcasts" in hydrate:
        added["broadcasts"] = _broadcasts(fixture)
    if "seriesStatus" in hydrate:
        added["seriesStatus"] = _series(simulator, fixture, now)
    if "game.content" in hydrate:
        added["content"] = _content(simulator, fixture, hydrate, is_over=_is_over(simulator, fixture, now))
    return added


def _is_over(simulator: Simulator, fixture: Fixture, now: Moment) -> bool:
    return simulator.status(fixture, now)[0].is_over


def _broadcasts(fixture: Fixture) -> list[dict[str, Any]]:
    found = []
    for team, side in zip(fixture.teams, _SIDES, strict=True):
        for number, medium in enumerate(("TV", "AM")):
            found.append(_broadcast(team, side, number, medium, "en"))
    if fixture.home.index % _SPANISH == 0:
        found.append(_broadcast(fixture.home, "home", 2, "FM", "es"))
    if fixture.pk % _SPANISH == 0:
        found[0]["isNational"] = True
    return found


def _broadcast(team: Team, side: str, number: int, medium: str, language: str) -> dict[str, Any]:
    return {
        "id": team.id * 10 + number,
        "name": f"{team.club} {medium}",
        "type": medium,
        "language": language,
        "homeAway": side,
        "callSign": f"{team.code.upper()}{number}",
    }


def _series(simulator: Simulator, fixture: Fixture, now: Moment) -> dict[str, Any]:
    games = [each for each in simulator.calendar.fixtures if _same_series(each, fixture)]
    ended = [each for each in games if _is_over(simulator, each, now)]
    home = sum(each.home_wins for each in ended)
    away = len(ended) - home
    status: dict[str, Any] = {
        "gameNumber": fixture.series_game,
        "totalGames": SERIES_LENGTH,
        "isTied": home == away,
        "isOver": max(home, away) > SERIES_LENGTH // 2,
        "wins": max(home, away),
        "losses": min(home, away),
        "description": "Regular Season",
        "shortDescription": "Season",
    }
    if home != away:
        leader, other = fixture.teams[::-1] if home > away else fixture.teams
        status |= {"winningTeam": team_reference(leader), "losingTeam": team_reference(other)}
        if status["isOver"]:
            status["result"] = f"{leader.code.upper()} wins {status['wins']}-{status['losses']}"
    return status


def _same_series(one: Fixture, other: Fixture) -> bool:
    return (one.series, one.teams) == (other.series, other.teams)


def _content(simulator: Simulator, fixture: Fixture, hydrate: set[str], *, is_over: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"link": f"/api/v1/game/{fixture.pk}/content"}
    if "game.content.media" in hydrate:
        content["media"] = _media(simulator, fixture, is_over=is_over)
    if "game.content.summary" in hydrate:
        content["summary"] = {
            "hasPreviewArticle": not is_over,
            "hasRecapArticle": is_over,
            "hasWrapArticle": False,
            "hasHighlightsVideo": is_over,
        }
    return content


def _media(simulator: Simulator, fixture: Fixture, *, is_over: bool) -> dict[str, Any]:
    draw = Draw(simulator.seed, "media", fixture.pk)
    state = "MEDIA_ARCHIVE" if is_over else "MEDIA_OFF"
    video: list[dict[str, Any]] = []
    track: list[dict[str, Any]] = []
    radio: list[dict[str, Any]] = []
    for team, side in zip(fixture.teams, _SIDES, strict=True):
        feed: dict[str, Any] = {
            "id": draw.whole(10_000_000, 300_000_000),
            "contentId": draw.uuid(),
            "mediaId": draw.uuid(),
        }
        owner = {"mediaFeedSubType": str(team.id), "mediaState": state, "callLetters": f"{team.code.upper()}0"}
        rights = {f"{network}AuthRequired": False for network in _NETWORKS}
        video.append({**feed, **owner, "mediaFeedType": side.upper(), **rights, "freeGame": False})
        track.append({
            "id": feed["id"], "type": "", "mediaFeedType": side.upper(), "description": "PARK",
            "renditionName": "Natural Sound", "language": "EN",
        })  # fmt: skip
        sound: dict[str, Any] = {
            "id": draw.whole(10_000_000, 300_000_000),
            "contentId": draw.uuid(),
            "mediaId": draw.uuid(),
        }
        radio.append({**sound, **owner, "type": side.upper(), "language": "en"})
    kinds = {"MLBTV": video, "MLBTV-Audio": track, "Audio": radio}
    epg = [{"title": title, "items": items} for title, items in kinds.items()]
    return {"epg": epg, "freeGame": False, "enhancedGame": False}
