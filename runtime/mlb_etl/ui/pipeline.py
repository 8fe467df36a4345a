"""The page of who runs the pipeline: what is behind or failed, the last runs, and how fresh each table is."""

import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import htpy as h
from htpy import Node

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.stores.interfaces import viewing
from mlb_etl.stores.interfaces.operations import FailedRequest, PartitionsAhead, Standing
from mlb_etl.stores.interfaces.runs import RecordedRun
from mlb_etl.stores.interfaces.viewing import Freshness, Viewer
from mlb_etl.ui import html
from mlb_etl.ui.page import Page, Section

PATH = "/pipeline"
_FAILURES = 500  # read, the last ones
_CAUSES = 20  # shown
_RUNS = 40
_FEW = 2  # seasons or months ahead
_SLOW = 10.0  # seconds between readings of what reads whole tables
_ENOUGH = 5.0  # seconds of reading whole tables, beyond which no other one is begun


def page(package: str) -> Page:
    """The page for the methods of the package."""
    methods = [registry.method(package, name) for name in sorted(registry.methods(package))]
    raw = {each.qualified_raw_table for each in methods} | {_documents(each) for each in methods}
    sections = (
        Section("runs", "Last runs", _runs, (viewing.RUNS,)),
        Section("failures", "Failed requests by cause", _failures, (viewing.FAILURES,)),
        Section(
            "methods", "Methods and their lag", partial(_methods, methods),
            (viewing.WATERMARK, viewing.QUARANTINE, *sorted(raw)), _SLOW,
        ),
        Section("tables", "Freshness by table", partial(_tables, methods), (), _SLOW),
        Section("partitions", "Partitions ahead", _partitions, (), _SLOW),
        Section("migrations", "Migrations", _migrations, (viewing.HISTORY,), _SLOW),
    )  # fmt: skip
    return Page(PATH, "Pipeline", lambda _: sections, label="Pipeline")


def _documents(method: Method) -> str:
    return f"{method.raw_schema}.{method.documents_table}"


def _runs(viewer: Viewer) -> Node:
    return runs(viewer.runs()[:_RUNS])


def runs(found: Sequence[RecordedRun]) -> Node:
    """The last run of each command and job."""
    if not found:
        return html.empty("No command has written to this database yet.")
    return html.table(
        "The last run of each command and job",
        ("Command", "Job or method", "Outcome", "Started", "Ended", "Captures", "Documents"),
        [
            (
                html.code(each.command),
                html.text(each.subject) or html.none(),
                state(each.state),
                html.moment(each.started_at),
                html.moment(each.ended_at, otherwise=""),
                html.number(_counted(each, "captures")),
                html.number(_counted(each, "documents")),
            )
            for each in found
        ],
        numeric=(5, 6),
    )


def state(of: str) -> Node:
    """The outcome of a run, in a color that says no more than the word."""
    kind = {"done": "good", "running": "live", "incomplete": "warn", "interrupted": "warn"}.get(of, "bad")
    return h.span(class_=["badge", kind])[of]


def _counted(run: RecordedRun, what: str) -> int:
    return int(sum(run.counts.get(what, {}).values()))


def _failures(viewer: Viewer) -> Node:
    return failures(viewer.failures(_FAILURES))


def failures(found: Sequence[FailedRequest]) -> Node:
    """Failed requests by method and kind of error, the last cause first, each with an example."""
    groups: defaultdict[tuple[str, str], list[FailedRequest]] = defaultdict(list)
    for each in found:
        groups[each.method, each.error].append(each)
    if not groups:
        return html.empty("No request is waiting for an answer.")
    rows = [
        (
            html.code(method),
            html.text(error),
            html.number(len(its)),
            html.moment(its[0].failed_at),
            [html.text(its[0].cause), h.br, html.code(its[0].target)],
        )
        for (method, error), its in list(groups.items())[:_CAUSES]
    ]
    return html.table(
        "Failed requests by cause", ("Method", "Kind", "Requests", "Last", "For example"), rows, numeric=(2,)
    )


def _methods(methods: Sequence[Method], viewer: Viewer) -> Node:
    return standings([viewer.standing(each) for each in methods])


def standings(found: Sequence[Standing]) -> Node:
    """The methods with captures: what waits, and since when."""
    used = [each for each in found if each.captures or each.quarantined]
    if not used:
        return html.empty("No responses are captured yet.")
    rows = [
        (
            html.code(each.method),
            html.number(each.captures),
            html.number(each.documents),
            _alarming(each.behind, "warn"),
            html.moment(each.behind_since, otherwise=""),
            _alarming(each.quarantined, "bad"),
            html.moment(each.newest),
            html.moment(each.shown),
        )
        for each in used
    ]
    headers = (
        *("Method", "Captures", "Documents", "Behind", "Waiting since", "Quarantined", "Latest response"),
        "Tables show",
    )
    ahead = [each.method for each in used if each.ahead]
    return [
        html.table("Captures and documents by method", headers, rows, numeric=(1, 2, 3, 5)),
        html.problem("Tables show a time ahead of the database's clock: ", ", ".join(ahead)) if ahead else None,
        html.empty(f"{len(found) - len(used)} more methods have no captures.") if len(used) < len(found) else None,
    ]


def _alarming(of: int, kind: str) -> Node:
    return h.span(class_=["badge", kind])[f"{of:,}"] if of else html.number(0)


def _tables(methods: Sequence[Method], viewer: Viewer) -> Node:
    names = [table.qualified_name for method in methods for table in method.tables]
    access = viewer.access(names)
    readable = [name for name in names if access[name] == "readable"]
    if not readable:
        return html.unreadable(access, viewer.role)
    until, found = time.monotonic() + _ENOUGH, []
    for name in readable:
        if time.monotonic() > until:
            break
        found.append(viewer.newest(name))
    return freshness(found, hidden=len(names) - len(readable), unread=len(readable) - len(found))


def freshness(found: Sequence[Freshness], *, hidden: int = 0, unread: int = 0) -> Node:
    """The newest times of each table that has rows, by name: an order that stays while rows arrive."""
    filled = sorted((each for each in found if each.captured_at is not None), key=lambda each: each.table)
    rows = [(html.code(each.table), html.moment(each.captured_at), html.moment(each.ingested_at)) for each in filled]
    return [
        html.table("Newest rows by table", ("Table", "Newest captured_at", "Newest ingested_at"), rows)
        if rows
        else html.empty("No table has rows yet."),
        html.empty(f"{len(found) - len(filled)} more tables have no rows.")
        if filled and len(filled) < len(found)
        else None,
        html.problem(f"{unread} more tables are not read here, because that takes this database too long.")
        if unread
        else None,
        html.problem(f"{hidden} tables are missing, or the role may not read them.") if hidden else None,
    ]


def _partitions(viewer: Viewer) -> Node:
    return partitions(viewer.partitions())


def partitions(found: Sequence[PartitionsAhead]) -> Node:
    """How far ahead partitions are made: of each kind, the tables that have the fewest."""
    rows = []
    for kind in ("month", "year"):
        of_kind = [each for each in found if each.kind == kind]
        if of_kind:
            least = min(each.ahead for each in of_kind)
            fewest = [each.table for each in of_kind if each.ahead == least]
            shown = h.span(class_=["badge", "good" if least >= _FEW else "warn"])[
                str(least) if least >= 0 else "current missing"
            ]
            more = f" and {len(fewest) - 1} more" if len(fewest) > 1 else ""
            rows.append((f"By {kind}", shown, html.number(len(of_kind)), [html.code(fewest[0]), more]))
    if not rows:
        return html.empty("No table is partitioned by month or year.")
    headers = ("Tables", "Fewest ahead", "Tables of the kind", "Which have the fewest")
    return [
        html.table("Partitions after the current one", headers, rows, numeric=(1, 2)),
        html.paragraph(html.command("mlb-etl schema partitions"), " makes more."),
    ]


def _migrations(viewer: Viewer) -> Node:
    found = viewer.pending()
    if not found:
        return html.empty("All migrations of the installed package are applied.")
    return [
        html.table(
            "Migrations to look at", ("Migration", "State"), [(html.code(each.script), each.state) for each in found]
        ),
        html.paragraph(html.command("mlb-etl schema status"), " says more."),
    ]
