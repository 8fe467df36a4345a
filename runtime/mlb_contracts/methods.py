"""The facts about a method of the API: its requests, its documents, and the tables that they fill."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from mlb_contracts.assumed import Assumed, complete
from mlb_contracts.captures import Body, Capture
from mlb_contracts.known import KnownShape
from mlb_contracts.requests import normal_form
from mlb_contracts.sums import SumRules
from mlb_contracts.tables import OnlyFor, Partition, Table

DriftPolicy: TypeAlias = Literal["report", "quarantine", "fail"]

_PARAMETER = re.compile(r"\{(\w+)\}")

DOCUMENTS = "_documents"
"""The suffix that turns the name of a raw table into that of its documents table."""


@dataclass(frozen=True, slots=True)
class ByValues:
    """A request parameter that lists the keys of documents: one value, or several separated by commas."""

    parameter: str


@dataclass(frozen=True, slots=True)
class ByRange:
    """Two request parameters that ask for a range of days, both ends included."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A column of the key that identifies a document.

    `read` takes its value from a decoded document, or from the `parameter` of the request; None if it is missing.
    `asked_by` lists the ways in which a request can ask for documents by this key. With `values`, an item that has
    another one is not a document of the method. The key of a document that its parameter does not concern, as it is not
    one of `only_for`, is `default`. The order of an `unordered` parameter's values has no meaning.
    """

    name: str
    type: str
    read: Callable[[Any, Capture], Any]
    path: str | None = None
    parameter: str | None = None
    asked_by: tuple[ByValues | ByRange, ...] = ()
    values: tuple[str, ...] = ()
    default: int | str | None = None
    only_for: OnlyFor | None = None
    unordered: bool = False

    @property
    def place(self) -> str:
        """Where its value comes from, for messages."""
        return self.path or f"parameter {self.parameter}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that a response must meet to be accepted.

    `path` and `argument` are those of the mapping, so the rule can be tested on plain JSON to explain why a response
    can't be decoded.
    """

    text: str
    path: str
    kind: Literal["present", "absent", "type", "equals_parameter"]
    argument: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """A URL that returns documents of a method, possibly under another method name of the API.

    `query` lists the query parameters that a request may have; None allows any.
    """

    method: str
    url: str
    query: tuple[str, ...] | None

    @property
    def path_parameters(self) -> frozenset[str]:
        """The parameters in the URL."""
        return frozenset(_PARAMETER.findall(self.url))

    def unknown(self, parameters: Iterable[str]) -> list[str]:
        """The parameters that this form does not know; with them, an answer may hold only part of a document."""
        return [] if self.query is None else sorted({*parameters} - self.path_parameters - {*self.query})


def form_of(forms: Iterable[Form], parameters: Collection[str]) -> Form | None:
    """The first form that knows all of a request's parameters; None if no form does.

    A recorded request may lack parameters of its URL, so a form whose URL is complete comes first.
    """
    possible = [form for form in forms if not form.unknown(parameters)]
    whole = (form for form in possible if form.path_parameters <= {*parameters})
    return next(whole, possible[0] if possible else None)


@dataclass(frozen=True, slots=True)
class Items:
    """How an answer holds several documents: each item of the list at `path` is one, and is decoded by itself.

    `decode` decodes only the envelope; it raises what Method.decode raises. `accept` checks the rules on it, and `each`
    returns the bytes of each item. `absent` is JSON that stands in for a document that was asked for but is absent,
    with its keys in braces; None if such a document has no rows.
    """

    path: str
    answer_type: Any
    decode: Callable[[Body], Any]
    accept: Callable[[Any, Capture], None]
    each: Callable[[Any], Sequence[Body]]
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class ShrinkGuard:
    """The loss of rows from which a capture is suspicious.

    A capture must not delete more than `share` of a document's rows, nor empty a table of at least
    `emptied_table_rows`. Only guarded tables count. With `once`, the guard starts when one of those tables has rows.
    """

    share: float
    emptied_table_rows: int
    once: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Method:
    """One method of the API: how to decode a response, and the tables it fills, parents before children.

    `decode` raises msgspec.DecodeError for invalid JSON and msgspec.ValidationError for JSON of another shape. `accept`
    raises Rejected for a decoded response that breaks a rule. With `items`, both work on a single item. `other_forms`
    are further URLs that return the same kind of document. With `hydration`, only answers to requests that asked for it
    fill the tables. `query` lists the query parameters that a request may have; None allows any. `required` lists the
    paths that must be readable before a document can be applied: those of keys, levels, look-ups, filters and rules,
    and of NOT NULL columns. `fingerprint` changes with the mapping's meaning. `assumed` lists what a request means
    where it lacks a parameter. `known` is what samples of the whole response had, None for hydrations; `drift` says
    what to do with a capture that differs from it. `sums` are the sums that have to agree across its tables.
    """

    endpoint: str
    method: str
    url: str
    query: tuple[str, ...] | None
    raw_schema: str
    raw_table: str
    raw_partition: Partition
    document: tuple[DocumentKey, ...]
    required: tuple[str, ...]
    rules: tuple[Rule, ...]
    shrink_guard: ShrinkGuard
    tables: tuple[Table, ...]
    document_type: type[Any]
    decode: Callable[[Body], Any]
    accept: Callable[[Any, Capture], None]
    fingerprint: str
    other_forms: tuple[Form, ...] = ()
    items: Items | None = None
    hydration: str | None = None
    assumed: tuple[tuple[str, Assumed], ...] = ()
    known: KnownShape | None = None
    drift: DriftPolicy = "report"
    sums: SumRules | None = None

    def __repr__(self) -> str:
        return f"Method({self.name!r})"

    @property
    def name(self) -> str:
        hydration = "" if self.hydration is None else f":{self.hydration}"
        return f"{self.endpoint}.{self.method}{hydration}"

    @property
    def forms(self) -> tuple[Form, ...]:
        """The URLs that return its documents, its own first."""
        return (Form(self.method, self.url, self.query), *self.other_forms)

    @property
    def key_parameters(self) -> frozenset[str]:
        """The parameters that requests need because the response does not contain these keys of the document."""
        assumed = {name for name, _ in self.assumed}
        return frozenset(key.parameter for key in self.document if key.parameter is not None) - assumed

    def complete(self, capture: Capture) -> Capture:
        """The capture with the parameters that its request lacks but which can be assumed, and with sorted lists."""
        unordered = [key.parameter for key in self.document if key.unordered and key.parameter is not None]
        if not self.assumed and not unordered:
            return capture
        found = complete(dict(self.assumed), capture.parameters, capture.captured_at, unordered)
        return replace(capture, parameters=found)

    def about(self, keys: Mapping[str, Any], capture: Capture) -> Capture:
        """The capture as far as it concerns the document with these keys, of which it needs those with a path."""
        others = [key for key in self.document if key.only_for is not None and not key.only_for.includes(keys)]
        if not others:
            return capture
        defaults = {key.parameter: str(key.default) for key in others if key.parameter is not None}
        return replace(capture, parameters={**capture.parameters, **defaults})

    def request_name(self, method: str, capture: Capture) -> str:
        """The text that identifies a request in the raw table; what it lacks is assumed, so each day has its own."""
        return normal_form(method, self.complete(capture).parameters)

    def form(self, parameters: Collection[str]) -> Form | None:
        """The form of a request with these parameters; None if no form does."""
        return form_of(self.forms, parameters)

    def unknown(self, parameters: Collection[str]) -> list[str]:
        """The unknown parameters, by the form that knows the most of them; empty if `form` finds one."""
        return min((form.unknown(parameters) for form in self.forms), key=len)

    @property
    def documents_table(self) -> str:
        """The table next to the raw table that lists which documents each capture holds."""
        return f"{self.raw_table}{DOCUMENTS}"

    @property
    def qualified_raw_table(self) -> str:
        return f"{self.raw_schema}.{self.raw_table}"
