"""Exports a snapshot: all of it at first, afterwards the documents whose rows may have changed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TypeAlias

import pyarrow as pa

from mlb_contracts import Method
from mlb_etl.errors import EtlError
from mlb_etl.export.choosing import Chosen
from mlb_etl.export.manifest import VERSION, Manifest, Selection, changed
from mlb_etl.export.targets import Change, Target
from mlb_etl.stores.interfaces.reading import Relation, Snapshot, Wanted

_SHARE = 0.5  # of a method's documents; where more changed, all is written
Marks: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Exported:
    """A table or view of an export: its rows, and how many of them this run wrote and removed."""

    name: str
    rows: int = 0
    written: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did; `whole` if it wrote everything, because there was no export or the tables looked different."""

    whole: bool
    relations: list[Exported]


def export(
    snapshot: Snapshot,
    chosen: Sequence[Chosen],
    selection: Selection,
    target: Target,
    tell: Callable[[int, int], None] = lambda _, __: None,
) -> Outcome:
    """Export what was chosen; `tell` gets the number of tables and views done, and that of all to be written."""
    before = target.manifest()
    if before is not None and before.selection != selection:
        raise EtlError(f"the export there is of {before.selection}: choose the same again, or another place")
    relations = snapshot.relations([each.name for each in chosen])
    for relation in relations:
        if not relation.populated:
            raise EtlError(f"{relation.qualified_name} was never filled: `mlb-etl views refresh` fills it")
    methods = {each.method.name: each.method for each in chosen if each.method is not None}
    marks = {name: dict(snapshot.marks(method)) for name, method in methods.items()}
    shapes = {relation.qualified_name: _shape(relation) for relation in relations}
    if before is not None and _too_different(before, shapes, marks):
        before = None
    pairs = [(relation, each.method) for relation, each in zip(relations, chosen, strict=True)]
    changes = list(_changes(snapshot, pairs, shapes, before, marks))
    done = {name: Exported(name) for name in shapes}
    held = {} if before is None else dict(before.relations)
    if changes:
        writer = target.begin(changes, before)
        for change in reversed(changes):
            done[change.relation.qualified_name].removed = writer.remove(change)
        for number, change in enumerate(changes):
            tell(number, len(changes))
            its = done[change.relation.qualified_name]
            for season, batches in _parts(snapshot, change, selection):
                its.written += writer.add(change, season, batches)
            held[its.name] = writer.held(change)
        tell(len(changes), len(changes))
        writer.finish(Manifest(target.form, VERSION, snapshot.taken_at, selection, held, marks))
    for each in done.values():
        each.rows = held[each.name].total
    return Outcome(before is None, list(done.values()))


def _shape(relation: Relation) -> str:
    """A text that changes with what a relation looks like, its comments included."""
    return sha256(json.dumps(asdict(relation)).encode()).hexdigest()[:16]


def _too_different(before: Manifest, shapes: Mapping[str, str], marks: Marks) -> bool:
    """Whether to write everything: tables look different, or most documents of a method changed."""
    if {name: each.shape for name, each in before.relations.items()} != shapes or before.marks.keys() != marks.keys():
        return True
    return any(len(changed(before.marks[name], now)) > max(len(now) * _SHARE, 1) for name, now in marks.items())


def _changes(
    snapshot: Snapshot,
    pairs: Sequence[tuple[Relation, Method | None]],
    shapes: Mapping[str, str],
    before: Manifest | None,
    marks: Marks,
) -> Iterator[Change]:
    """What has to be written of each relation; a view has no documents, so all of it is."""
    for relation, method in pairs:
        schema = snapshot.schema(relation)
        whole = Change(relation, schema, shapes[relation.qualified_name])
        if before is None or method is None:
            yield whole
        elif touched := sorted(changed(before.marks[method.name], marks[method.name])):
            keys = tuple(key.name for key in method.document)
            yield Change(relation, schema, whole.shape, keys, _documents(keys, schema, touched))


def _documents(keys: Sequence[str], schema: pa.Schema, documents: Sequence[str]) -> pa.Table:
    """The keys of documents, which are JSON, with the types of their columns."""
    found = [json.loads(each) for each in documents]
    texts = [pa.array([str(each[key]) for each in found], pa.string()) for key in keys]
    typed = [each.cast(schema.field(key).type) for key, each in zip(keys, texts, strict=True)]
    return pa.table(typed, names=list(keys))


def _parts(
    snapshot: Snapshot, change: Change, selection: Selection
) -> Iterator[tuple[int | None, pa.RecordBatchReader]]:
    """The rows to write, season by season."""
    relation = change.relation
    documents = () if change.documents is None else [tuple(each.values()) for each in change.documents.to_pylist()]
    wanted = Wanted(selection.seasons, change.keys, documents)
    if not relation.has_season:
        yield None, snapshot.batches(relation, wanted)
        return
    for season in snapshot.seasons(relation, wanted):
        yield season, snapshot.batches(relation, Wanted([season], change.keys, documents))
