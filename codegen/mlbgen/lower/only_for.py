"""`only_for`: the documents that a table or a parameter is about, by the value of one of their keys."""

from collections.abc import Mapping

from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower.report import Place, Report, did_you_mean

_TEXT = SqlType("text")


def lower_only_for(
    report: Report, place: Place, declared: spec.OnlyFor | None, keys: Mapping[str, ir.DocumentKey]
) -> ir.OnlyFor | None:
    """The documents, by one of these keys; None without `only_for`, or if it has an error."""
    if declared is None:
        return None
    ((name, values),) = declared.items()
    at, key = place.at(name), keys.get(name)
    if key is None:
        report.add("MG084", at.key, f'documents have no key "{name}" before this', did_you_mean(name, keys))
        return None
    if not isinstance(key.value, ir.PathValue) or key.type != _TEXT:
        report.add(
            "MG084", at.key, f'the key "{name}" is not a text in the document', "use a key of type text with a path"
        )
        return None
    for number, value in enumerate(values):
        if key.among and value not in key.among:
            message = f'no document has "{value}" in the key "{name}"'
            report.add("MG084", at.at(number), message, did_you_mean(value, key.among))
    return ir.OnlyFor(key.name, key.value, tuple(values))
