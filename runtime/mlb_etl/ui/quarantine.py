"""The pages of captures in quarantine: all that wait, and for each the value in its place in the response."""

from collections.abc import Mapping, Sequence
from functools import partial

import htpy as h
from htpy import Node

from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract import lenient
from mlb_etl.stores.interfaces import viewing
from mlb_etl.stores.interfaces.operations import Entry
from mlb_etl.stores.interfaces.viewing import Viewer
from mlb_etl.ui import excerpt, html
from mlb_etl.ui.page import Page, Section

PATH = "/quarantine"
_SHOWN = 200
_BODY_EVERY = 30.0  # seconds; a response does not change, but its capture may leave


def pages() -> list[Page]:
    """The list, and the page of one capture."""
    waiting = Section("quarantine", "Waiting for a decision", _listed, (viewing.QUARANTINE,))
    return [
        Page(PATH, "Quarantine", lambda _: (waiting,), label="Quarantine"),
        Page(f"{PATH}/{{entry:int}}", "Quarantine {entry}", _of_one, under=PATH),
    ]


def _of_one(numbers: Mapping[str, int]) -> Sequence[Section]:
    entry = numbers["entry"]
    reads = (viewing.QUARANTINE, viewing.WATERMARK)
    return (
        Section(f"quarantine-{entry}", "What is wrong", partial(_why, entry), reads[:1]),
        Section(f"place-{entry}", "Its place in the response", partial(_place, entry), reads, _BODY_EVERY),
    )


def _listed(viewer: Viewer) -> Node:
    return listed(viewer.quarantined(_SHOWN + 1))


def listed(found: Sequence[Entry]) -> Node:
    """The captures that wait, oldest first."""
    if not found:
        return html.empty("Nothing waits here: every capture could be applied.")
    rows = [
        (
            h.a(href=f"{PATH}/{each.id}")[str(each.id)],
            [html.code(each.method), h.br, html.document(each.document)],
            [html.text(each.reason), h.br, html.code(f"{each.table or ''} {each.path}".strip())],
            html.code("" if each.value is None else each.value, 80),
            html.moment(each.captured_at),
        )
        for each in found[:_SHOWN]
    ]
    more = html.empty(f"These are the oldest {_SHOWN}; `mlb-etl quarantine list` lists all.")
    return [
        html.table("Captures in quarantine", ("Id", "Document", "Reason and place", "Value", "Captured"), rows),
        more if len(found) > _SHOWN else None,
        html.paragraph(
            "Decide in a terminal: ", html.command("mlb-etl quarantine retry"), ", ",
            html.command("accept"), " or ", html.command("drop"), " with an id.",
        ),
    ]  # fmt: skip


def _why(number: int, viewer: Viewer) -> Node:
    return why(viewer.entry(number))


def why(entry: Entry) -> Node:
    """All that is known about a capture in quarantine."""
    facts: dict[str, Node] = {
        "Reason": html.text(entry.reason, 2000),
        "Value": html.code("none" if entry.value is None else entry.value, 2000),
        "Path": html.code(entry.path, 2000),
        "Table": html.code(entry.table) if entry.table else "not known",
        "Method": html.code(entry.method),
        "Document": html.document(entry.document),
        "Captured": html.instant(entry.captured_at),
        "Put aside": html.instant(entry.quarantined_at),
        "State": entry.state,
    }
    return h.dl[((h.dt[name], h.dd[fact]) for name, fact in facts.items())]


def _place(number: int, viewer: Viewer) -> Node:
    entry = viewer.entry(number)
    try:
        found = viewer.body(entry)
    except Rejected as damaged:
        return html.problem(html.text(damaged, 1000))
    if found is None:
        raise EtlError("the raw table has no response of this capture any more")
    return [html.paragraph(html.code(found.request, 500)), place(found.data, entry.path)]


def place(data: bytes, path: str) -> Node:
    """The part of a response around the place, line by line."""
    lines = excerpt.around(lenient.plain_json(data), path)
    return h.div(".scroll", tabindex="0", role="region", aria_label="Part of the response")[
        h.pre(".json")[
            ([" " * 2 * line.depth, h.mark[line.text] if line.marked else line.text, "\n"] for line in lines)
        ]
    ]
