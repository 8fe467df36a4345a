"""Captures of simulated live feeds, while games are played and after them."""

from datetime import date
from itertools import islice

from feeds import METHOD
from laws import Snapshot, snapshot

from mlb_sim import Simulator
from mlb_sim.routes import encode
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

    def moment(self, pk: int, part: float) -> Moment:
        """When this part of a game is played: 0 is its first pitch, 1 when it is over."""
        timeline = self.simulator.timeline(self.simulator.calendar.by_pk[pk])
        return timeline.first_pitch + int(part * (timeline.over - timeline.first_pitch))

    def snapshot(self, pk: int, part: float) -> Snapshot:
        """A capture of the game's feed at that moment."""
        at = self.moment(pk, part)
        feed = self.simulator.feed(self.simulator.calendar.by_pk[pk], at)
        return snapshot(METHOD, pk, to_datetime(at), encode(feed))
