"""Fingerprints: a hash of what a mapping means. When it changes, the runtime applies the same responses again."""

import dataclasses
import hashlib
import json
from typing import Any

from mlb_contracts import sql_types
from mlb_contracts.jsonpath import Step
from mlbgen import ir
from mlbgen.ir import columns

# Descriptions, positions in the YAML, and settings that change no row.
_LEFT_OUT = frozenset(
    {
        "description",
        "drift",
        "text",
        "position",
        "offset",
        "values",
        "months",
        "indexes",
        "shrink_guard",
        "sums",
        "guarded",
        "ignored",
        "mapping_file",
        "fingerprint",
        "refers_to",
        "renamed_from",
        "subject",
        "unit",
    }
)


# Added to the language after the first release: a mapping that does not use these keeps its fingerprint.
_LATER = frozenset(
    {
        "among",
        "asked_by",
        "assumed",
        "derived",
        "hydration",
        "items",
        "only_for",
        "origin",
        "other_forms",
        "other_origins",
        "otherwise",
        "unordered",
        "visits",
    }
)


def fingerprint(method: ir.Method) -> str:
    """SHA-256, in hex, of everything that decides which rows a response gives, including its converters' versions."""
    origins = (origin for table in method.tables for origin in table.origins)
    readers = {name for origin in origins for column in origin.columns for name in columns.readers(column)}
    versions = {name: sql_types.version(name) for name in sorted(readers)}
    meaning = json.dumps([_plain(method), versions], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(meaning.encode()).hexdigest()


def _plain(value: Any) -> object:
    """Turn a dataclass into a list of its class name and its fields by name."""
    if dataclasses.is_dataclass(value):
        fields = [field.name for field in dataclasses.fields(value) if not _is_left_out(field, value)]
        return [type(value).__name__, {name: _plain(getattr(value, name)) for name in fields}]
    if isinstance(value, Step):
        return [value.value]  # a list, so that no member name can equal it
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _is_left_out(field: dataclasses.Field[Any], value: object) -> bool:
    return field.name in _LEFT_OUT or (field.name in _LATER and getattr(value, field.name) == field.default)
