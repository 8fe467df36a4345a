"""The pieces of HTML that pages share. htpy escapes every text; nothing here marks one as safe."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import htpy as h
from htpy import Node, Renderable
from markupsafe import Markup

from mlb_etl.errors import printable
from mlb_etl.stores.interfaces.viewing import Access
from mlb_etl.ui.page import Page, Section

LONGEST = 300
"""Characters of a text from outside that a page shows."""

_BREAKS = re.compile(r"(?<=[._])(?=.)")


def text(of: object, limit: int = LONGEST) -> str:
    """Text from outside, without control and format characters, which could reorder a line, and cut."""
    return printable(of, limit)


def none() -> Node:
    """What stands for nothing."""
    return h.span(".faint")["\N{EN DASH}"]


def moment(of: datetime | None, *, otherwise: str = "never") -> Node:
    """A time, in UTC; with a script, how long ago that was."""
    if of is None:
        return h.span(".faint")[otherwise] if otherwise else none()
    utc = of.astimezone(UTC)
    return h.time(".age", datetime=f"{utc:%Y-%m-%dT%H:%M:%SZ}", title=f"{utc:%Y-%m-%d %H:%M:%S} UTC")[
        f"{utc:%Y-%m-%d %H:%M:%S}"
    ]


def instant(of: datetime) -> Node:
    """A time to the second, in UTC."""
    utc = of.astimezone(UTC)
    return h.time(datetime=f"{utc:%Y-%m-%dT%H:%M:%SZ}")[f"{utc:%Y-%m-%d %H:%M:%S} UTC"]


def clock(of: datetime) -> Node:
    """A time of day, in UTC; with a script, in the reader's own zone."""
    utc = of.astimezone(UTC)
    return h.time(".clock", datetime=f"{utc:%Y-%m-%dT%H:%M:%SZ}")[f"{utc:%H:%M} UTC"]


def number(of: float) -> Node:
    """A number with separators between thousands; zeros are faint."""
    return f"{of:,}" if of else h.span(".faint")["0"]


def code(of: object, limit: int = LONGEST) -> Node:
    """A name, path or value as it is in the database; a long name breaks after its separators."""
    first, *others = _BREAKS.split(text(of, limit))
    return h.code[first, ((h.wbr, each) for each in others)]


def command(of: str) -> Node:
    """What to type in a terminal."""
    return h.code(".command")[of]


def document(of: Mapping[str, Any]) -> Node:
    """The keys of a document."""
    return text(", ".join(f"{name} {value}" for name, value in of.items()))


def paragraph(*of: Node) -> Node:
    """A paragraph."""
    return h.p[list(of)]


def table(
    caption: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Node]],
    *,
    numeric: Iterable[int] = (),
    kind: str | None = None,
) -> Node:
    """A table whose first column names its rows; the columns with these indexes are aligned to the right.

    On a narrow page it scrolls in a region of its own, which the keyboard reaches.
    """
    right = set(numeric)
    kinds = ["number" if place in right else None for place in range(len(headers))]

    def cell(place: int, value: Node) -> Node:
        its = kinds[place]
        return h.td(class_=its)[value] if place else h.th(class_=its, scope="row")[value]

    return h.div(".scroll", tabindex="0", role="region", aria_label=caption)[
        h.table(class_=kind)[
            h.caption(".hidden")[caption],
            h.thead[h.tr[(h.th(class_=its, scope="col")[name] for its, name in zip(kinds, headers, strict=True))]],
            h.tbody[(h.tr[(cell(place, value) for place, value in enumerate(row))] for row in rows)],
        ]
    ]


def empty(of: str) -> Node:
    """What is said where there is nothing to list."""
    return h.p(".empty")[of]


def problem(*of: Node) -> Node:
    """Why a section has nothing to show."""
    return h.p(".problem")[list(of)]


def unreadable(found: Mapping[str, Access], role: str) -> Node | None:
    """Which tables of a section are missing, or hidden from the role; None if it may read all."""
    missing = sorted(name for name, access in found.items() if access == "missing")
    hidden = sorted(name for name, access in found.items() if access == "hidden")
    if missing:
        return problem("The database has no ", _names(missing), " yet: ", command("mlb-etl schema init"), " makes it.")
    if hidden:
        return problem("The role ", code(role), " may not read ", _names(hidden), ".")
    return None


def _names(of: Sequence[str]) -> Node:
    shown = [code(of[0]), *((", ", code(name)) for name in of[1:3])]
    return [*shown, f" and {len(of) - 3} more tables"] if len(of) > 3 else shown  # noqa: PLR2004 - those shown


def digest(of: str) -> str:
    """A short digest of HTML."""
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def section(of: Section, content: Node) -> tuple[Markup, str]:
    """The element of a section, and a digest of it, by which a browser sees whether it changed."""
    inner = h.fragment[h.h2(id=f"{of.key}-title")[of.title], content].__html__()
    its_digest = digest(inner)
    live = "polite" if of.announced else None
    element = h.section(id=of.key, aria_labelledby=f"{of.key}-title", aria_live=live, data_digest=its_digest)[inner]
    return element.__html__(), its_digest


def page(of: Page, pages: Sequence[Page], parts: Sequence[Node], *, title: str, updates: str) -> Renderable:
    """A whole page; `updates` is where its changes come from."""
    here = of.under or of.path
    return h.html(lang="en")[
        h.head[
            h.meta(charset="utf-8"),
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.title[f"{title} · mlb-etl"],
            h.link(rel="icon", href="/static/icon.svg", type="image/svg+xml"),
            h.link(rel="stylesheet", href="/static/ui.css"),
            h.script(src="/static/ui.js", defer=True),
            h.noscript[h.meta(http_equiv="refresh", content="10")],
        ],
        h.body(data_updates=updates)[
            h.a(".skip", href="#main")["Skip to the content"],
            h.header[
                h.span(".brand")["mlb-etl"],
                h.nav(aria_label="Pages")[
                    h.ul[
                        (
                            h.li[h.a(href=each.path, aria_current="page" if each.path == here else None)[each.label]]
                            for each in pages
                            if each.label
                        )
                    ]
                ],
                h.p("#connection", role="status"),
            ],
            h.main("#main", tabindex="-1")[h.h1[title], parts],
        ],
    ]
