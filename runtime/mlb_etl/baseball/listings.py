"""What only this API lists, by the names that job files have for it."""

from collections.abc import Mapping, Sequence

from mlb_contracts.response import Response
from mlb_etl.baseball import schedule
from mlb_etl.baseball.states import SETTLED
from mlb_etl.http.request import Request
from mlb_etl.jobs.listing import ListedItem, Listing


class Games:
    """The games of a schedule: of any days, teams and seasons, which the tables of a day's schedule refuse.

    A game that is over is settled by a capture of its feed with the state and score that the schedule has.
    """

    def request(self, query: Mapping[str, str]) -> Request:
        """As `Listing` says."""
        return schedule.request(query)

    def read(self, response: Response) -> Sequence[ListedItem]:
        """As `Listing` says."""
        return [
            ListedItem(
                {"game_pk": game.game_pk, "coded_game_state": game.state},
                game.shown_by if game.state in SETTLED else None,
            )
            for game in schedule.read(response)
        ]


LISTINGS: dict[str, Listing] = {"schedule": Games()}
