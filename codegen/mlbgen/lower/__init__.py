"""From the YAML and the API's shape to the intermediate representation; every cross-check is made here.

All of a mapping's errors are collected and raised at once, as MappingErrors; docs/errors.md tells what each code means.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from mlbgen import ir
from mlbgen.language import source, spec
from mlbgen.language.names import folder
from mlbgen.language.source import MappingSource
from mlbgen.lower import absent, documents, expand, grammar, hydrations, ignored, method, naming, requests, tables
from mlbgen.lower.fingerprint import fingerprint
from mlbgen.lower.hydrations import parts
from mlbgen.lower.report import Place, Report
from mlbgen.lower.scope import Scope
from mlbgen.samples.shape import Shape

_NONE: Mapping[str, str] = MappingProxyType({})


def load_method(mapping: Path, *, root: Path, shape: Shape) -> ir.Method:
    """The method that a mapping file describes; its places name the file relative to `root`. Raises MappingErrors."""
    return lower(source.load(mapping, root=root), shape)


def lower(source: MappingSource, shape: Shape, others: Mapping[str, str] = _NONE) -> ir.Method:
    """The method that a mapping describes. `others`: tables of other mappings, with the file. Raises MappingErrors."""
    mapping = grammar.read(source)
    report, place = Report(), Place(source)
    lowered = _method(report, place, mapping, shape, others)
    report.finish()
    return replace(lowered, fingerprint=fingerprint(lowered))


def table_names(mapping: spec.Mapping) -> list[str]:
    """The names of the tables as they are declared, the raw one too, without a look at what else is wrong with them."""
    return [mapping.source.raw_table, *(name for table in mapping.tables for name in expand.names(table))]


def method_names(mapping: spec.Mapping) -> list[str]:
    """What the API calls the method, such as `season.seasons`, and then its other forms, if anything else."""
    declared = mapping.source
    methods = [declared.method, *(form.method or declared.method for form in declared.forms)]
    return [f"{declared.endpoint}.{name}" for name in dict.fromkeys(methods)]


def package_names(mapping: spec.Mapping) -> list[str]:
    """The packages that are generated for the mapping: of the method, and of each hydration."""
    hydrations_ = dict.fromkeys(table.hydrate for table in mapping.tables if table.hydrate is not None)
    return [folder(mapping.source.endpoint, mapping.source.method, each) for each in (None, *hydrations_)]


def _method(report: Report, place: Place, mapping: spec.Mapping, shape: Shape, others: Mapping[str, str]) -> ir.Method:
    declared, at = mapping.source, place.at("source")
    mapped: set[str] = set()
    hydrations.check(report, place, mapping)
    naming.check_package(report, at.at("endpoint"), declared.endpoint)
    own, *other_forms = requests.forms(report, at, declared)
    items, root = documents.items(report, at, declared, shape, mapped)
    document = documents.keys(report, at, declared, Scope(root, mapped))
    stands_in = absent.absent(report, at.at("absent"), declared, document, root)
    raw_table = method.raw_table(report, at, declared, others)
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
    )
    return replace(lowered, ignored=ignored.ignored(report, place.at("ignore"), mapping.ignore, shape, mapped))


__all__ = ("load_method", "lower", "method_names", "package_names", "parts", "table_names")
