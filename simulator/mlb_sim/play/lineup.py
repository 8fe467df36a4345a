"""The players of a team in a game, present and former; the only code that applies substitutions."""

from dataclasses import dataclass

from mlb_sim import positions
from mlb_sim.draw import Draw
from mlb_sim.league import Team
from mlb_sim.play.log import Substitution
from mlb_sim.positions import Position


@dataclass(frozen=True, slots=True)
class Card:
    """The line-up card: starters in batting order with their positions, and the starting pitcher."""

    order: tuple[tuple[int, Position], ...]
    pitcher: int


@dataclass(slots=True)
class Lineup:
    """A team's side of the game so far. All lists hold persons' ids."""

    order: list[int]
    field: dict[Position, int]
    pitchers: list[int]
    bench: list[int]
    bullpen: list[int]
    batters: list[int]
    places: dict[int, str]  # slot and sequence, such as 301
    played: dict[int, list[Position]]  # positions in the order each player had them
    replaced: set[int]

    @classmethod
    def of(cls, team: Team, card: Card) -> "Lineup":
        """The line-up at the start of the game."""
        starting = {player for player, _ in card.order}
        return cls(
            order=[player for player, _ in card.order],
            field={place: player for player, place in (*card.order, (card.pitcher, positions.PITCHER))},
            pitchers=[card.pitcher],
            bench=[person.id for person in team.hitters if person.id not in starting],
            bullpen=[person.id for person in team.pitchers if person.id != card.pitcher],
            batters=[player for player, _ in card.order],
            places={player: f"{n + 1}00" for n, (player, _) in enumerate(card.order)},
            played={player: [place] for player, place in (*card.order, (card.pitcher, positions.PITCHER))},
            replaced=set(),
        )

    @property
    def pitcher(self) -> int:
        """The current pitcher."""
        return self.pitchers[-1]

    def position_of(self, player: int) -> Position:
        """His position now, or his last one."""
        return self.played[player][-1]

    def next_place(self, slot: int) -> str:
        """Slot and sequence of the next substitute in a slot (0 to 8)."""
        used = sum(place[0] == str(slot + 1) for place in self.places.values())
        return f"{slot + 1}{used:02d}"

    def apply(self, change: Substitution) -> None:
        """Apply a substitution or a change of position."""
        new = change.player
        if change.position == positions.PITCHER:
            self.bullpen.remove(new)
            self.pitchers.append(new)
            self._relieve(change.replaced)
        elif new in self.bench:
            self.bench.remove(new)
            slot = int(change.order[0]) - 1
            self._relieve(self.order[slot])
            self.order[slot] = new
            self.places[new] = change.order
            self.batters.insert(self.batters.index(change.replaced or new) + 1, new)
        self.played.setdefault(new, []).append(change.position)
        self.field = {place: player for place, player in self.field.items() if player not in {new, *self.replaced}}
        if change.position in positions.FIELD or change.position == positions.DESIGNATED_HITTER:
            self.field[change.position] = new

    def _relieve(self, player: int | None) -> None:
        if player is not None:
            self.replaced.add(player)


def card(draw: Draw, team: Team, played: int) -> Card:
    """The starters of a team's game: the next pitcher of the rotation, and occasionally a substitute for a regular."""
    by_place: dict[Position, list[int]] = {}
    for person in team.hitters:
        by_place.setdefault(person.position, []).append(person.id)
    chosen: list[tuple[int, Position]] = []
    for place in (*positions.FIELD[1:], positions.DESIGNATED_HITTER):
        options = by_place[place]
        rested = len(options) > 1 and draw.chance(0.2)
        chosen.append((options[1] if rested else options[0], place))
    rating = {person.id: person.hitting + person.power / 2 for person in team.hitters}
    chosen.sort(key=lambda each: (-rating[each[0]], each[0]))
    order = (2, 0, 1, 3, 4, 5, 6, 7, 8)
    return Card(tuple(chosen[n] for n in order), team.starters[played % len(team.starters)].id)
