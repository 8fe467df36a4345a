"""The listings that job files can expand by, under their names there."""

from collections.abc import Mapping, Sequence

from mlb_contracts.response import Response
from mlb_etl.baseball import schedule
from mlb_etl.baseball.states import SETTLED
from mlb_etl.http.request import Request
from mlb_etl.jobs.listing import ListedItem, Listing


class Games:
    """The games of a schedule. Unlike the tables of a day's schedule, it accepts any days, teams and seasons.

    A finished game is settled by a capture of its feed with the state and score in the schedule.
    """

    def request(self, query: Mapping[str, str]) -> Request:
        """As `Listing` says."""
        return schedule.schedule_request(query)

    def read(self, response: Response) -> Sequence[ListedItem]:
        """As `Listing` says."""
        return [
            ListedItem(
                {"game_pk": game.game_pk, "coded_game_state": game.state},
                game.matches_body if game.state in SETTLED else None,
            )
            for game in schedule.read_games(response)
        ]


LISTINGS: dict[str, Listing] = {"schedule": Games()}
