"""A method's documents, and the requests that ask for them."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Step, Steps
from mlb_contracts.sql_types import SqlType
from mlbgen.ir.places import Reference, Scalar
from mlbgen.ir.values import OnlyFor, ParameterValue, PathValue
from mlbgen.language.names import SqlName

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ByValues:
    """A parameter that asks for documents by one value of a key, or by several."""

    parameter: str


@dataclass(frozen=True, slots=True)
class ByRange:
    """Two parameters that ask for the documents of all days from one to the other."""

    first: str
    last: str


AskedBy: TypeAlias = ByValues | ByRange


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A key that identifies a document; a value from a path has one reference, which starts at `$`.

    With `among`, items with other values are left out. `otherwise` replaces a missing value, and that of a parameter in
    documents other than those of `only_for`. `unordered`: the parameter is a list whose order has no meaning.
    """

    name: SqlName
    type: SqlType
    value: PathValue | ParameterValue
    description: str
    asked_by: tuple[AskedBy, ...] = ()
    among: tuple[str, ...] = ()
    otherwise: Scalar | None = None
    only_for: OnlyFor | None = None
    unordered: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """Each item of the list at `source` is a document; `absent` is the JSON of one that was requested and is missing.

    In it, `{name}` stands for the document's key of that name.
    """

    source: Reference
    absent: str | None

    @property
    def steps(self) -> Steps:
        """The steps to the items from the response's root."""
        return (*self.source.members, Step.ITEM)

    @property
    def path(self) -> str:
        """The path of the items: `$.dates[*]`."""
        return jsonpath.below("$", self.steps)


@dataclass(frozen=True, slots=True)
class Form:
    """A URL that returns documents of a method; `method` is the API's name for it, which may differ from the method's.

    `query` lists the parameters that a request may have in addition to those of its URL; None allows any.
    """

    method: str
    url: str
    query: tuple[str, ...] | None

    @property
    def path_parameters(self) -> frozenset[str]:
        """The parameters in the URL."""
        return frozenset(_PARAMETER.findall(self.url))
