"""The page of how responses differ from what the mappings were made for: paths, and values that could not be read."""

from collections.abc import Sequence

import htpy as h
from htpy import Node

from mlb_etl.stores.interfaces import viewing
from mlb_etl.stores.interfaces.operations import DriftedPath, UnreadablePath
from mlb_etl.stores.interfaces.viewing import Viewer
from mlb_etl.ui import html
from mlb_etl.ui.page import Page, Section

PATH = "/drift"
_SHOWN = 200
_EVERY = 5.0
_KINDS = {"new": "new", "vanished": "vanished", "type": "another type"}


def page() -> Page:
    """The page."""
    sections = (
        Section("drift", "Paths that differ from the samples", _paths, (viewing.DRIFT,), _EVERY),
        Section("unreadable", "Values that could not be read", _values, (viewing.UNREADABLE,), _EVERY),
    )
    return Page(PATH, "Drift", lambda _: sections, label="Drift")


def _paths(viewer: Viewer) -> Node:
    return paths(viewer.drift(_SHOWN + 1))


def paths(found: Sequence[DriftedPath]) -> Node:
    """The paths that differ."""
    if not found:
        return html.empty("No response differs from the samples.")
    rows = [
        (
            [html.code(each.path), h.br, html.text(each.method)],
            _KINDS.get(each.kind, each.kind),
            html.text(each.seen),
            html.number(each.captures),
            html.moment(each.first_seen_at),
            html.moment(each.last_seen_at),
            html.document(each.document),
        )
        for each in found[:_SHOWN]
    ]
    headers = ("Path", "Change", "Seen", "Captures", "First", "Last", "For example")
    return [
        html.table("Paths that differ from the samples", headers, rows, numeric=(3,)),
        _more(len(found)),
    ]


def _values(viewer: Viewer) -> Node:
    return values(viewer.unreadable(_SHOWN + 1))


def values(found: Sequence[UnreadablePath]) -> Node:
    """The values that are NULL in the tables because they could not be read."""
    if not found:
        return html.empty("Every value could be read.")
    rows = [
        (
            [html.code(each.path), h.br, html.text(each.table)],
            html.number(each.values),
            html.number(each.documents),
            html.text(each.reason),
            html.code(each.value, 80),
            [html.document(each.document), h.br, html.code(each.place)],
        )
        for each in found[:_SHOWN]
    ]
    headers = ("Path", "Values", "Documents", "Reason", "For example", "In")
    return [html.table("Values that could not be read", headers, rows, numeric=(1, 2)), _more(len(found))]


def _more(number: int) -> Node:
    return html.empty(f"These are the first {_SHOWN}; `mlb-etl drift` lists all.") if number > _SHOWN else None
