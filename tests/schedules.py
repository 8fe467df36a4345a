"""Schedules read by hand: what the tables of schedule.schedule are to show of an answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from checks import some

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import stub_files

PACKAGE = "mlb_tables"
METHOD = registry.method(PACKAGE, "schedule.schedule")
OF_GAME = {
    "season": "season", "game_guid": "gameGuid", "game_type": "gameType", "season_display": "seasonDisplay",
    "calendar_event_id": "calendarEventID", "gameday_type": "gamedayType", "record_source": "recordSource",
    "description": "description", "is_public_facing": "publicFacing", "start_time": "gameDate",
    "official_date": "officialDate", "day_night": "dayNight", "reschedule_date": "rescheduleGameDate",
    "reschedule_time": "rescheduleDate", "rescheduled_from_date": "rescheduledFromDate",
    "rescheduled_from_time": "rescheduledFrom", "resume_date": "resumeGameDate", "resume_time": "resumeDate",
    "resumed_from_date": "resumedFromDate", "resumed_from_time": "resumedFrom", "is_tie": "isTie",
    "double_header": "doubleHeader", "game_number": "gameNumber", "tiebreaker": "tiebreaker",
    "if_necessary": "ifNecessary", "if_necessary_description": "ifNecessaryDescription",
    "games_in_series": "gamesInSeries", "series_game_number": "seriesGameNumber",
    "series_description": "seriesDescription", "scheduled_innings": "scheduledInnings",
    "inning_break_length": "inningBreakLength", "reverse_home_away_status": "reverseHomeAwayStatus",
}  # fmt: skip
OF_STATUS = {
    "start_time_tbd": "startTimeTBD", "coded_game_state": "codedGameState", "abstract_game_state": "abstractGameState",
    "abstract_game_code": "abstractGameCode", "detailed_state": "detailedState", "status_code": "statusCode",
    "status_reason": "reason",
}  # fmt: skip
OF_SIDE = {
    "score": "score", "is_winner": "isWinner", "split_squad": "splitSquad", "series_number": "seriesNumber",
}  # fmt: skip

Row = dict[str, Any]


def captured(stubs: Path) -> Iterator[Response]:
    """The captured schedules, whatever was asked for; no errors, nor what was cut down by `fields`."""
    for file in some(stub_files.find_stubs(stubs / "schedule" / "schedule")):
        content = stub_files.read_file(file)
        stub = json.loads(content)
        if "dates" in stub["response"] and "fields" not in stub["query_params"]:
            response = stub_files.parse_stub(content)
            assert response is not None
            yield response


def days(stubs: Path) -> Iterator[Response]:
    """Each day of the captured schedules, as if it had been asked for by itself."""
    for response in captured(stubs):
        if response.query_params.keys() == {"sportId", "date"}:
            yield response
        else:
            for day in json.loads(response.data)["dates"]:
                body = {"dates": [day], **{name: total for name, total in day.items() if name.startswith("total")}}
                asked = {"sportId": "1", "date": day["date"]}
                yield replace(response, query_params=asked, data=json.dumps(body).encode())


def games(answer: dict[str, Any], day: date, sport_id: int = 1) -> dict[int, Row]:
    """The rows of schedule_games by game, without the times of writing."""
    listed = [game for each in answer["dates"] for game in each["games"]]
    return {game["gamePk"]: _row(game) | {"schedule_date": day, "sport_id": sport_id} for game in listed}


def _row(game: Row) -> Row:
    venue = game.get("venue", {})
    row = {"game_pk": game["gamePk"], "venue_id": venue.get("id"), "venue_name": venue.get("name")}
    row |= {column: game.get(name) for column, name in OF_GAME.items()}
    row |= {column: game.get("status", {}).get(name) for column, name in OF_STATUS.items()}
    for side in ("away", "home"):
        of = game.get("teams", {}).get(side, {})
        team, record = of.get("team", {}), of.get("leagueRecord", {})
        row |= {f"{side}_team_id": team.get("id"), f"{side}_team_name": team.get("name")}
        row |= {f"{side}_{column}": of.get(name) for column, name in OF_SIDE.items()}
        row |= {f"{side}_wins": record.get("wins"), f"{side}_losses": record.get("losses")}
        share = record.get("pct", "-")
        row[f"{side}_winning_percentage"] = None if "-" in share else Decimal(share)
    guid = game.get("gameGuid")
    row |= {"season": int(game["season"]), "game_guid": None if guid is None else UUID(guid)}
    return {column: _of_time(value) if column.endswith(("_date", "_time")) else value for column, value in row.items()}


def _of_time(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    return date.fromisoformat(text) if re.fullmatch(r"[\d-]+", text) else datetime.fromisoformat(text)
