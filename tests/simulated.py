"""Captures of simulated live feeds, while games are played and after them."""

import copy
from datetime import date
from itertools import islice

from feeds import METHOD, Feed
from laws import Snapshot, snapshot

from mlb_sim import Simulator
from mlb_sim.routes import encode
from mlb_sim.timeline import Timeline
from mlb_sim.times import Moment, to_datetime


class Games:
    """The first games of a simulated season that are played on their day, at most `most` of each day."""

    def __init__(self, days: int = 1, most: int = 2, *, season: int = 2024) -> None:
        self.simulator = Simulator(3, season)
        self.by_day: dict[date, list[int]] = {}
        for day, slots in islice(self.simulator.calendar.by_day.items(), days):
            played = (fixture.pk for fixture, _ in slots if fixture.fate == "played")
            self.by_day[day] = list(islice(dict.fromkeys(played), most))
        self.pks = [pk for pks in self.by_day.values() for pk in pks]

    def timeline(self, pk: int) -> Timeline:
        """What happens in a game, and when."""
        return self.simulator.timeline(self.simulator.calendar.by_pk[pk])

    def moment(self, pk: int, part: float) -> Moment:
        """When this part of a game is played: 0 is its first pitch, 1 when it is over."""
        timeline = self.timeline(pk)
        return timeline.first_pitch + int(part * (timeline.over - timeline.first_pitch))

    def feed(self, pk: int, part: float, *, later: Moment = 0) -> Feed:
        """A copy of the game's feed at that moment, or some time later."""
        found = self.simulator.feed(self.simulator.calendar.by_pk[pk], self.moment(pk, part) + later)
        return copy.deepcopy(found)

    def snapshot(self, pk: int, part: float, *, later: Moment = 0) -> Snapshot:
        """A capture of it."""
        return self.edited(pk, self.feed(pk, part, later=later), part, later=later)

    def edited(self, pk: int, feed: Feed, part: float, *, later: Moment = 0, broken: bool = False) -> Snapshot:
        """A capture of another feed at that moment; `broken` if it can't be applied."""
        at = to_datetime(self.moment(pk, part) + later)
        return snapshot(METHOD, pk, at, encode(feed), broken=broken)
