"""Where values are found in a document: places, loops over lists and maps, and look-ups."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlbgen.language.paths import Condition

Scalar = str | int | float | bool
ValueType = Literal["string", "integer", "number", "boolean", "object", "array", "map", "any"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in the document: a variable (`$`, a level, a look-up) and the members to walk from it.

    `$` is the document, which can be an item of the response. `path` is the whole path from the response, such as
    `$.liveData.plays.allPlays[*].about.atBatIndex`; `.*` steps into a map's values, `['away','home']` into members.
    """

    root: str
    members: tuple[str, ...]
    path: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: its items have an order."""

    item: ValueType


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose members are keyed by id: its items have keys."""

    item: ValueType


@dataclass(frozen=True, slots=True)
class MembersOf:
    """An object with fixed members that are alike, such as `away` and `home`: each of `names` that is present.

    A member that is missing or null is none.
    """

    item: ValueType
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Single:
    """An object by itself: one item if it is present, none if it is missing or null."""

    item: ValueType = "object"


Container: TypeAlias = ListOf | MapOf | MembersOf | Single


@dataclass(frozen=True, slots=True)
class Level:
    """A loop over the list, the map or the members at `source`, or the object there if it is present."""

    name: str
    source: Reference
    container: Container
    where: Condition | None


@dataclass(frozen=True, slots=True)
class KeyOf:
    """The key `prefix + item of level + suffix` of a map."""

    prefix: str
    level: str
    suffix: str


@dataclass(frozen=True, slots=True)
class MemberEquals:
    """The list's first item whose member equals the item of a level."""

    members: tuple[str, ...]
    level: str


@dataclass(frozen=True, slots=True)
class AtIndex:
    """The list's item at the index that is the item of a level."""

    level: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """An object looked up elsewhere: `source` is the map or list, `by` the way to find it there."""

    name: str
    source: Reference
    by: KeyOf | MemberEquals | AtIndex
