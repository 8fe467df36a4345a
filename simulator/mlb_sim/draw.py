"""Reproducible random draws: the same for the same key, on any machine and in any process."""

import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A separate random stream for each key, such as `Draw(seed, "game", 7)`.

    Only sums and products of uniform draws are used: no logarithm or sine, whose last digits differ between machines.
    """

    __slots__ = ("unit",)

    def __init__(self, *key: int | str) -> None:
        digest = blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
        self.unit = random.Random(int.from_bytes(digest, "big")).random  # noqa: S311 -- to be repeatable is the point

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self.unit() < share

    def between(self, low: float, high: float) -> float:
        """A uniform number between the two."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both inclusive."""
        return low + int(self.unit() * (high - low + 1))

    def around(self, mean: float, spread: float) -> float:
        """A bell-shaped number with this mean and standard deviation, never more than three deviations away."""
        return mean + spread * 2 * (self.unit() + self.unit() + self.unit() - 1.5)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.unit() * len(items))]

    def weighted(self, weights: Sequence[tuple[T, float]]) -> T:
        """One of the items, with a probability proportional to its weight."""
        place = self.unit() * sum(weight for _, weight in weights)
        for item, weight in weights:
            place -= weight
            if place < 0:
                return item
        return weights[-1][0]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        left = list(items)
        return [left.pop(int(self.unit() * len(left))) for _ in range(len(left))]

    def uuid(self) -> str:
        """A random version 4 UUID."""
        text = f"{int(self.unit() * 2**52):013x}{int(self.unit() * 2**52):013x}{int(self.unit() * 2**24):06x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:32]}"
