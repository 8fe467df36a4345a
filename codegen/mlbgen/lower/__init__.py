"""Lower a mapping and the API's shape to the intermediate representation; every cross-check is made here.

All errors of a mapping are collected and raised at once, as MappingErrors; docs/errors.md explains each code.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from mlbgen import ir
from mlbgen.language import source, spec
from mlbgen.language.names import folder
from mlbgen.language.source import MappingSource
from mlbgen.lower import (
    absent,
    assume,
    documents,
    expand,
    grammar,
    hydrations,
    ignored,
    method,
    naming,
    requests,
    sums,
    tables,
)
from mlbgen.lower.fingerprint import fingerprint
from mlbgen.lower.hydrations import split_by_hydration
from mlbgen.lower.relations import check as check_relations
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.lower.scope import PathScope
from mlbgen.samples.shape import Shape

_NONE: Mapping[str, str] = MappingProxyType({})


def load_method(mapping: Path, *, root: Path, shape: Shape) -> ir.Method:
    """Lower a mapping file; positions name the file relative to `root`. Raises MappingErrors."""
    return lower(source.load(mapping, root=root), shape)


def lower(source: MappingSource, shape: Shape, others: Mapping[str, str] = _NONE) -> ir.Method:
    """Lower a mapping. `others` gives each table of other mappings its file. Raises MappingErrors."""
    mapping = grammar.validate(source)
    report, place = Report(), Place(source)
    lowered = _method(report, place, mapping, shape, others)
    report.finish()
    return replace(lowered, fingerprint=fingerprint(lowered))


def table_names(mapping: spec.Mapping) -> list[str]:
    """The declared names of the tables, including the raw table; nothing else about them is checked."""
    return [mapping.source.raw_table, *(name for table in mapping.tables for name in expand.expanded_names(table))]


def api_names(mapping: spec.Mapping) -> list[str]:
    """The API's names for the method, such as `season.seasons`: its own first, then those of its other forms."""
    declared = mapping.source
    methods = [declared.method, *(form.method or declared.method for form in declared.forms)]
    return [f"{declared.endpoint}.{name}" for name in dict.fromkeys(methods)]


def package_names(mapping: spec.Mapping) -> list[str]:
    """The folders of the packages generated for the mapping: the method's, and one for each hydration."""
    hydrations_ = dict.fromkeys(table.hydrate for table in mapping.tables if table.hydrate is not None)
    return [folder(mapping.source.endpoint, mapping.source.method, each) for each in (None, *hydrations_)]


def _method(report: Report, place: Place, mapping: spec.Mapping, shape: Shape, others: Mapping[str, str]) -> ir.Method:
    declared, at = mapping.source, place.at("source")
    mapped: set[str] = set()
    hydrations.check_hydrations(report, place, mapping)
    naming.check_package(report, at.at("endpoint"), declared.endpoint)
    own, *other_forms = requests.forms(report, at, declared)
    items, root = documents.lower_items(report, at, declared, shape, mapped)
    document = documents.lower_keys(report, at, declared, PathScope(root, mapped))
    stands_in = absent.absent(report, at.at("absent"), declared, document, root)
    raw_table = method.lower_raw_table(report, at, declared, others)
    common = tables.Common(
        place=place.at("defaults"),
        defaults=mapping.defaults,
        document={key.name: key for key in document},
        root=root,
        raw_table=raw_table,
        mapped=mapped,
        others=others,
    )
    made = tables.tables(report, place.at("tables"), mapping.tables, common)
    lowered = ir.Method(
        endpoint=declared.endpoint,
        method=declared.method,
        url=own.url,
        description=declared.description,
        mapping_file=place.source.file,
        raw_table=raw_table,
        query=own.query,
        document=document,
        rules=method.rules(report, at, declared, shape, items),
        shrink_guard=method.shrink_guard(report, at.at("shrink_guard"), declared.shrink_guard, made),
        tables=made,
        ignored=(),
        fingerprint="",
        position=at.at("method").position(),
        other_forms=tuple(other_forms),
        items=None if items is None else replace(items, absent=stands_in),
        assumed=assume.assumptions(report, at.at("assume"), declared),
        drift=declared.drift,
    )
    lowered = replace(lowered, sums=sums.lower_sums(report, place.at("sums"), mapping.sums, made, [*common.document]))
    return replace(lowered, ignored=ignored.ignored(report, place.at("ignore"), mapping.ignore, shape, mapped))


__all__ = (
    "api_names",
    "check_relations",
    "did_you_mean",
    "load_method",
    "lower",
    "package_names",
    "split_by_hydration",
    "table_names",
)
