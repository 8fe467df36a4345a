"""Check a mapping against sample responses: columns that stay empty, keys that repeat, values that do not fit."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import assert_never

from mlbgen import ir
from mlbgen.ir.columns import parameter
from mlbgen.language.diagnostics import Diagnostic
from mlbgen.samples import interpret, whole
from mlbgen.samples.carried import TypedValue
from mlbgen.samples.stubs import Stub
from mlbgen.samples.values import Misfit, fit

_SHORT = 60  # at most so many characters of a value are shown in a message


def sample_rows(table: ir.Table, stub: Stub) -> list[dict[str, object]]:
    """The table's rows for one document, without captured_at and ingested_at, with values of the columns' types.

    If the response holds several documents, `stub.document` is only one of them.

    Raises values.Misfit for a value that its column can't hold.
    """
    kept: dict[tuple[object, ...], dict[str, object]] = {}
    for number, (origin, scope) in enumerate(_scopes(table, stub)):
        row: dict[str, object] = {
            column.name: _fitted(column, interpret.find_value(column.value, scope, stub.parameters))
            for column in _sampled(origin)
        }
        key = (number,) if table.duplicates == "error" else tuple(row.get(name) for name in table.primary_key)
        if table.duplicates != "first" or key not in kept:
            kept[key] = row
    return list(kept.values())


@dataclass(frozen=True, slots=True)
class SampleReport:
    """The result of checking a method: how many samples are whole documents, and how many others, by reason.

    A part of a document can fill columns and tables, but what it lacks or repeats says nothing about the mapping.
    """

    name: str
    whole: int
    others: Mapping[str, int]
    diagnostics: tuple[Diagnostic, ...]

    def text(self) -> str:
        """The counts as text."""
        counted = f"{self.name}: checked with {self.whole} sample{'' if self.whole == 1 else 's'}"
        if not self.others:
            return counted
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.others.items()))
        return f"{counted}; set aside because they are not whole documents: {reasons}"


_SCALARS = frozenset({str, int, float, bool, type(None)})


def check_samples(methods: Iterable[ir.Method], samples: Iterable[Stub]) -> tuple[SampleReport, ...]:
    """Check the methods' tables against their samples: MG101 to MG106, the first of each code for a column.

    Reads each sample once, and skips those of other methods.
    """
    checks = [_Check(method) for method in methods]
    for given in samples:
        for check in checks:
            if whole.is_of(check.method, given):
                check.see(given)
    return tuple(check.report() for check in checks)


class _Check:
    """Collects what the samples show about one method."""

    def __init__(self, method: ir.Method) -> None:
        self.method = method
        self.inspections = [_Inspection(table) for table in method.tables]
        self.seen = 0
        self.others = Counter[str]()
        self.absent: Stub | None = None

    def see(self, given: Stub) -> None:
        """Inspect a sample of the method."""
        stub = whole.completed(self.method, given)
        reasons = list(_see(self.inspections, self.method, stub))
        self.others.update(reasons)
        self.seen += 1
        self.absent = self.absent or (None if reasons else _absent(self.method, stub))

    def report(self) -> SampleReport:
        """The mistakes, and how many samples are whole documents."""
        partial = self.others.total()
        found = [] if self.seen > partial else [_no_sample(self.method, self.others)]
        if not found or any(inspection.rows for inspection in self.inspections):
            found += [each for inspection in self.inspections for each in inspection.diagnostics()]
        if self.absent is not None:
            found += _of_absent(self.method, self.absent)
        return SampleReport(self.method.name, self.seen - partial, self.others, tuple(sorted(found)))


def _see(inspections: Iterable["_Inspection"], method: ir.Method, stub: Stub) -> Iterator[str]:
    """Inspect a sample; yields the reason if it is not a whole document."""
    partial = whole.why_partial(method, stub) if stub.is_answer else None
    refused = None if partial else whole.why_refused(method, stub)
    nameless = None
    for item in whole.documents(method, stub):
        lacking = whole.lacks_key(method, item)
        nameless = nameless or lacking
        for inspection in inspections:
            if partial or lacking:
                inspection.see_part(item)
            elif not refused:
                inspection.see(item)
    if reason := partial or refused or nameless:
        yield reason


def _absent(method: ir.Method, stub: Stub) -> Stub | None:
    """A sample of an absent document, with the keys of the given sample's first document."""
    documents = interpret.split_documents(method.items, stub.document)
    if method.items is None or method.items.absent is None or not documents:
        return None
    text = method.items.absent
    for key in method.document:
        value = interpret.find_value(key.value, {"$": interpret.Binding(documents[0])}, stub.parameters).value
        text = text.replace(f"{{{key.name}}}", json.dumps(str(value))[1:-1])
    return replace(stub, file="absent", document=json.loads(text))


def _of_absent(method: ir.Method, absent: Stub) -> Iterator[Diagnostic]:
    """Yield the mistakes in the rows of an absent document."""
    for table in method.tables:
        inspection = _Inspection(table)
        inspection.see(absent)
        yield from inspection.found.values()


def _no_sample(method: ir.Method, others: Mapping[str, int]) -> Diagnostic:
    message = f"no sample is a whole document of {method.name}"
    reasons = "; ".join(sorted(others)) or "there are no samples of this method"
    return Diagnostic(method.position, "MG106", message, f"{reasons}: add a sample, or correct the source")


class _Inspection:
    """Collects what the samples show about one table."""

    def __init__(self, table: ir.Table) -> None:
        self.table = table
        self.name = f"{table.schema}.{table.name}"
        self.columns = tuple(_sampled(table.origins[0]))
        self.key = tuple(column.name for column in self.columns if column.name in table.primary_key)
        self.rows_by_origin = Counter[str]()
        self.filled: set[str] = set()
        self.found: dict[tuple[str, str], Diagnostic] = {}
        self._sampled = {each.name: tuple(_sampled(each)) for each in table.origins}
        self._fits: dict[tuple[object, ...], object] = {}  # most values of a column recur

    @property
    def rows(self) -> int:
        """How many rows samples have."""
        return self.rows_by_origin.total()

    def see_part(self, stub: Stub) -> None:
        """Extract the rows of a part of a document, and note which columns it fills."""
        for origin, scope in _scopes(self.table, stub):
            self.rows_by_origin[origin.name] += 1
            for column in self._sampled[origin.name]:
                with suppress(Misfit):
                    if self._fitted(column, interpret.find_value(column.value, scope, stub.parameters)) is not None:
                        self.filled.add(column.name)

    def see(self, stub: Stub) -> None:
        """Extract the rows of a whole document, and note mistakes."""
        file = PurePath(stub.file).name
        keys: set[tuple[object, ...]] = set()
        for origin, scope in _scopes(self.table, stub):
            self.rows_by_origin[origin.name] += 1
            row = {
                column.name: self._value(
                    column, list(interpret.find_values(column.value, scope, stub.parameters)), file
                )
                for column in self._sampled[origin.name]
            }
            key = tuple(row[name] for name in self.key)
            if key in keys and None not in key:
                self._note_repeated(key, file)
            keys.add(key)

    def _value(self, column: ir.Column, found: list[TypedValue], file: str) -> object:
        """The first value that is present; the values at the other paths have to fit too."""
        there = [each for each in found if each.value is not None] or found[:1]
        try:
            fitted, *_ = [self._fitted(column, each) for each in there]
        except Misfit as misfit:
            self.filled.add(column.name)
            message = f'a sample does not fit column "{column.name}" of {self.name}: {misfit}'
            values = ", ".join(_short(each.value) for each in there)
            self._note("MG104", column, message, f"{file} has {values} at {_source(column)}")
            return None
        if fitted is not None:
            self.filled.add(column.name)
        elif column.name in self.key and not _is_asked(column):
            message = f'key column "{column.name}" of {self.name} is NULL in a sample'
            self._note("MG102", column, message, f"{file} has {_short(there[0].value)} at {_source(column)}")
        return fitted

    def _fitted(self, column: ir.Column, found: TypedValue) -> object:
        """As the function of that name; what it returned for a scalar is kept."""
        kind = type(found.value)
        if kind not in _SCALARS:
            return _fitted(column, found)
        about = (id(column), found.type, kind, found.value)
        if about not in self._fits:
            self._fits[about] = _fitted(column, found)
        return self._fits[about]

    def _note_repeated(self, key: tuple[object, ...], file: str) -> None:
        if self.table.duplicates == "error":
            message = f"the key ({', '.join(self.key)}) of {self.name} repeats in a sample"
            help_ = f"{file} has {_short(key)} twice: add a column to primary_key, or set duplicates to first or last"
            self._note("MG103", self.table, message, help_)

    def _note(self, code: str, about: ir.Column | ir.Table, message: str, help_: str) -> None:
        self.found.setdefault((code, about.name), Diagnostic(about.position, code, message, help_))

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield all noted mistakes, and what no sample fills."""
        yield from self.found.values()
        for origin in self.table.origins:
            if not self.rows_by_origin[origin.name]:
                paths = ", ".join(level.source.path for level in origin.levels) or "$"
                where = f' from the origin "{origin.name}"' if origin.name else ""
                message = f"no sample fills {self.name}{where}"
                yield Diagnostic(self.table.position, "MG105", message, f"no item at {paths} passes the filters")
        if not self.rows:
            return
        for column in self.columns:
            if column.name not in self.filled and (column.name not in self.key or _is_asked(column)):
                message = f'column "{column.name}" of {self.name} is NULL in every sample'
                help_ = (
                    f"none of {self.rows} rows has a value at {_source(column)}: correct the path, or remove the column"
                )
                yield Diagnostic(column.position, "MG101", message, help_)


def _is_asked(column: ir.Column) -> bool:
    """Whether the value is a request parameter. Responses to requests without it are never kept."""
    return isinstance(column.value, ir.ParameterValue)


def _scopes(table: ir.Table, stub: Stub) -> Iterator[tuple[ir.Origin, interpret.Bindings]]:
    """The variables of each row, with the origin that it comes from."""
    if not whole.is_about(table.only_for, stub):
        return iter(())
    return ((origin, scope) for origin in table.origins for scope in interpret.scopes(origin, stub.document))


def _sampled(origin: ir.Origin) -> Iterator[ir.Column]:
    """The columns that the response, its request or a constant fills."""
    return (each for each in origin.columns if not isinstance(each.value, ir.CapturedAt | ir.IngestedAt))


def _fitted(column: ir.Column, found: TypedValue) -> object:
    """Convert a value: placeholders become NULL, and NULL becomes the default. Raises Misfit."""
    if found.value is None or (isinstance(found.value, str) and found.value in column.null_if):
        return None if column.default is None else fit(column.default, column.type, None)
    return fit(found.value, column.type, column.convert, found.type)


def _source(column: ir.Column) -> str:
    match column.value:
        case ir.PathValue() | ir.CarryValue():
            return ", ".join(dict.fromkeys(reference.path for reference in column.value.references))
        case ir.ItemValue(path=path):
            return path
        case ir.ParameterValue(name):
            return parameter(name)
        case ir.IndexValue(level) | ir.KeyValue(level):
            return f"the level {level}"
        case ir.ConstantValue() | ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            return "no path"
        case _:
            assert_never(column.value)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
