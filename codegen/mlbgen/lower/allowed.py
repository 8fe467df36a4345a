"""Which names a mapping can have, for whoever writes one by program: by the checks that mappings pass."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from mlbgen.language import source
from mlbgen.lower import naming
from mlbgen.lower.report import Place, Report

Kind: TypeAlias = Literal["schema", "table", "raw table", "column", "document key", "variable"]

_NOWHERE = Place(source.parse("{}", ""))
_CHECKS: dict[Kind, Callable[[Report, Place, str], object]] = {
    "schema": lambda report, place, name: naming.check_name(report, place, name, "schema"),
    "table": naming.check_table,
    "raw table": naming.check_raw_table,
    "column": naming.check_column,
    "document key": naming.check_document_key,
    "variable": lambda report, place, name: naming.check_variable(report, place, name, "level"),
}


def is_allowed(kind: Kind, name: str) -> bool:
    """Whether something of this kind can have the name: it is in snake case, short enough and not reserved."""
    report = Report()
    _CHECKS[kind](report, _NOWHERE, name)
    return not report.count
