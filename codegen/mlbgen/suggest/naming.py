"""Names for tables, columns and levels: the API's own in snake case, or, where that is not possible, near ones."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from mlbgen.language.names import snake
from mlbgen.lower import allowed

_PLURALS = {"people": "person", "dates": "day", "series": "series", "indices": "index"}
_ENDINGS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ss", "ss"),
    ("us", "us"),
    ("s", ""),
)
_SHORT = 30  # characters that are left of a name that is too long in every way


class Names:
    """Names of one kind that are taken."""

    def __init__(self, kind: allowed.Kind, taken: Iterable[str] = ()) -> None:
        self._kind = kind
        self._taken = {*taken}

    def take(self, *wishes: str) -> str:
        """The first name that is allowed and free, which is taken from then on; if there is none, a numbered one."""
        name = next(each for each in self._possible(wishes) if each not in self._taken and self.allows(each))
        self._taken.add(name)
        return name

    @property
    def taken(self) -> frozenset[str]:
        """All names that are taken."""
        return frozenset(self._taken)

    def allows(self, name: str) -> bool:
        """Whether something of this kind can have the name."""
        return allowed.is_allowed(self._kind, name)

    def _possible(self, wishes: Sequence[str]) -> Iterator[str]:
        yield from wishes
        yield from (f"{wish}_name" for wish in wishes)
        stem = next((wish for wish in wishes if wish and wish[0].isalpha()), self._kind.replace(" ", "_"))
        yield from (f"{stem[:_SHORT].rstrip('_')}_{number}" for number in itertools.count(2))


def column_wishes(level: str, members: Sequence[str]) -> Iterator[str]:
    """Names for a column with the value at these members of a level's item, best first: `birth_city`, `team_id`."""
    every = [snake(member) for member in members]
    words = [word for word, after in zip(every, [*every[1:], ""], strict=True) if not after.startswith(f"{word}_")]
    if words != ["id"]:
        yield "_".join(words)
    yield "_".join((level, *words))
    for start in range(1, len(words)):
        yield "_".join(words[start:])


def singular(name: str) -> str:
    """`people` -> `person`, `playEvents` -> `play_event`: a name for one item of a list."""
    *before, last = snake(name).split("_")
    ending, instead = next((each for each in _ENDINGS if last.endswith(each[0])), ("", ""))
    return "_".join((*before, _PLURALS.get(last) or last[: len(last) - len(ending)] + instead))


def stem(method: str) -> str:
    """What a method is about: `getWinProbability` -> `win_probability`."""
    return snake(method).removeprefix("get_")
