"""Wins, losses, saves, holds and blown saves."""

from dataclasses import dataclass, field

_SAVE_LEAD = 3
_STARTER_OUTS = 15
_LONG_SAVE_OUTS = 9
_HOLD_INNING = 6


@dataclass(slots=True)
class Appearance:
    """A pitcher's appearance."""

    pitcher: int
    lead: int
    inning: int
    blown: bool = False

    @property
    def could_save(self) -> bool:
        """Whether he entered in a save situation: with a lead of one to three runs, late enough."""
        return 0 < self.lead <= _SAVE_LEAD and self.inning >= _HOLD_INNING


@dataclass(frozen=True, slots=True)
class Decisions:
    """The pitchers' decisions after the game."""

    winner: int
    loser: int
    save: int | None
    holds: tuple[int, ...]
    blown: tuple[int, ...]


@dataclass(slots=True)
class Ledger:
    """Tracks which pitchers were in the game when the lead changed."""

    appearances: tuple[list[Appearance], list[Appearance]] = field(default_factory=lambda: ([], []))
    winner: list[int | None] = field(default_factory=lambda: [None, None])
    loser: list[int | None] = field(default_factory=lambda: [None, None])

    def enters(self, side: int, pitcher: int, lead: int, inning: int) -> None:
        """Record that a pitcher enters with this lead."""
        self.appearances[side].append(Appearance(pitcher, lead, inning))

    def scores(self, side: int, lead: int, own: int, charged: int, facing: int) -> None:
        """Record a run and the new lead; `own` pitches for the side, the run that `facing` allowed is `charged`'s."""
        if lead == 1:
            self.winner[side], self.loser[side] = own, charged
        if lead == 0:
            for appearance in self.appearances[1 - side]:
                if appearance.pitcher == facing and appearance.could_save:
                    appearance.blown = True

    def decide(self, side: int, outs: dict[int, int]) -> Decisions:
        """The decisions if this side has won; `outs` are the outs that each pitcher recorded."""
        winner, loser = self.winner[side], self.loser[side]
        if winner is None or loser is None:
            raise ValueError("nobody has won")
        own = self.appearances[side]
        starter = own[0].pitcher
        if winner == starter and outs[starter] < _STARTER_OUTS and len(own) > 1:
            winner = max((each.pitcher for each in own[1:]), key=lambda pitcher: (outs[pitcher], -pitcher))
        last = own[-1]
        saved = last.pitcher != winner and len(own) > 1 and not last.blown
        saved = saved and (last.could_save or (outs[last.pitcher] >= _LONG_SAVE_OUTS and last.lead > 0))
        blown = tuple(each.pitcher for appearances in self.appearances for each in appearances if each.blown)
        holds = tuple(
            each.pitcher
            for appearances in self.appearances
            for each in appearances[1:-1]
            if each.could_save and not each.blown and outs[each.pitcher] and each.pitcher not in {winner, loser}
        )
        return Decisions(winner, loser, last.pitcher if saved else None, holds, blown)
