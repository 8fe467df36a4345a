"""What pages are made of: sections, each read and shown by itself, and read again as long as someone looks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from htpy import Node

from mlb_etl.stores.interfaces.viewing import Viewer


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page. `key` names it among all sections of all pages, and is the id of its element.

    content: what it shows, read in one snapshot; reads: the tables that it needs, as `schema.table`; every: the least
    number of seconds from one reading to the next; announced: whether screen readers tell when it changes.
    """

    key: str
    title: str
    content: Callable[[Viewer], Node]
    reads: tuple[str, ...]
    every: float = 2.0
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page at a path such as /game/{game_pk:int}; `title` may name the numbers in it.

    sections: makes its sections of these numbers; label: its name in the navigation, empty for a page that others link
    to; under: the path of the page that does.
    """

    path: str
    title: str
    sections: Callable[[Mapping[str, int]], Sequence[Section]]
    label: str = ""
    under: str = ""
