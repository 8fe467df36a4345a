"""`derive`: columns that the store computes from other columns of the row."""

from collections.abc import Collection, Mapping

from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower import columns, expressions, naming, relations
from mlbgen.lower.report import Place, Report

_CAN_NOT_BE_USED: Mapping[str, str] = {
    naming.CAPTURED_AT: "changes with each capture",
    naming.INGESTED_AT: "changes with each capture",
}
_FAILED = ir.Expression("", ())  # replaces one that has an error


def lower_derived(
    report: Report, place: Place, declared: spec.Column, others: Mapping[str, SqlType], derived: Collection[str]
) -> ir.DerivedColumn:
    """Lower a column with `derive`. An error is reported; a placeholder then lets the other checks go on.

    `others` are the types of the columns that have values of their own, `derived` the names of those that have not.
    """
    naming.check_column(report, place.at("name"), declared.name)
    sql_type = columns.column_type(report, place.at("type"), declared.type)
    columns.check_unit(report, place, declared, sql_type)
    columns.check_settings(report, place, declared)
    if not declared.nullable:
        message = f'"{declared.name}" may not be NULL, but columns that it is derived from may'
        report.add("MG052", place.at("name"), message, "only key columns are NOT NULL: remove nullable: false")
    barred: dict[str, str] = {**dict.fromkeys(derived, "is derived itself"), **_CAN_NOT_BE_USED}
    expression = expressions.derivation(
        report, place.at("derive"), declared.derive or "", fills=sql_type, columns=others, barred=barred
    )
    return ir.DerivedColumn(
        name=naming.sql_name(report, declared.name),
        type=sql_type,
        expression=expression or _FAILED,
        description=declared.description,
        position=place.at("name").position(),
        refers_to=relations.reference(report, place.at("refers_to"), declared.refers_to),
        renamed_from=declared.renamed_from,
        unit=declared.unit,
    )
