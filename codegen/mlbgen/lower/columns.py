"""Columns: the source of each value, and whether it fits the column's type."""

import difflib
import json
from typing import assert_never

from mlb_contracts import sql_types
from mlb_contracts.errors import EtlError
from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.language import carry as carrying
from mlbgen.language import spec
from mlbgen.language.diagnostics import Position
from mlbgen.language.names import SqlName
from mlbgen.lower import carry, kinds, naming, relations
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.lower.scope import PathScope, kind, value_type

_WHEN_CAPTURED = (
    "When the response that last changed this row was requested, or the past time whose state was requested."
)
# Settings that only affect some sources of a value.
_ONLY_FOR = {
    "start": ("index_of",),
    "default": ("path",),
    "null_if": ("path",),
    "convert": ("path", "key_of", "item_of"),
    "unreadable": ("path", "key_of", "carry"),
}
_ALSO_WITH_ORIGINS = {"default": ("path", "index_of", "key_of", "item_of")}
UNKNOWN = SqlType("unknown")  # replaces a type that has an error
_TIMESTAMP = SqlType("timestamptz")
_MAX_PRECISION = 1000


def lower_column(report: Report, place: Place, declared: spec.Column, scope: PathScope) -> ir.Column:
    """Lower a column. An error is reported; a placeholder then lets the other checks go on."""
    naming.check_column(report, place.at("name"), declared.name)
    value = _value(report, place, declared, scope)
    sql_type = column_type(report, place.at("type"), declared.type)
    check_unit(report, place, declared, sql_type)
    good = check_settings(report, place, declared, with_origins=bool(scope.origin))
    if good and value is not None and sql_type is not UNKNOWN:
        _check_fit(report, place, declared, sql_type, value)
    return ir.Column(
        name=naming.sql_name(report, declared.name),
        type=sql_type,
        value=value or ir.ConstantValue(""),
        nullable=declared.nullable,
        description=declared.description,
        position=place.at("name").position(),
        default=declared.default,
        null_if=tuple(declared.null_if),
        convert=declared.convert,
        unreadable=declared.unreadable,
        renamed_from=declared.renamed_from,
        refers_to=relations.reference(report, place.at("refers_to"), declared.refers_to),
        unit=declared.unit,
    )


def own_columns(position: Position) -> tuple[ir.Column, ...]:
    """The two columns that every table ends with."""
    return tuple(
        ir.Column(name, _TIMESTAMP, value, nullable=False, description=description, position=position)
        for name, value, description in (
            (naming.CAPTURED_AT, ir.CapturedAt(), _WHEN_CAPTURED),
            (naming.INGESTED_AT, ir.IngestedAt(), "When this row was last written."),
        )
    )


def placeholder(name: SqlName, position: Position) -> ir.Column:
    """A placeholder for a missing column that was already reported, so that nothing else reports it again."""
    return ir.Column(name, UNKNOWN, ir.ConstantValue(""), nullable=False, description="", position=position)


def is_document_key(column: ir.Column | None, key: ir.DocumentKey) -> bool:
    """Whether the column holds this key of the document."""
    if column is None or (column.type, column.value) != (key.type, key.value):
        return False
    return isinstance(key.value, ir.ParameterValue) or column.default == key.otherwise


def column_type(report: Report, place: Place, text: str) -> SqlType:
    """Parse an SQL type; UNKNOWN, with a report, if it has an error."""
    sql_type = sql_types.parse_type(text)
    if sql_type is None:
        name = text.partition("(")[0].strip().lower()
        near = difflib.get_close_matches(name, [*sql_types.TYPES, *sql_types.ALIASES], n=1)
        help_ = (
            f'did you mean "{sql_types.ALIASES.get(near[0], near[0])}"?'
            if near
            else f"available: {', '.join(sql_types.TYPES)}"
        )
        report.add("MG012", place, f'unknown type "{text}"', help_)
    elif sql_type.arguments and not _is_precision(*sql_type.arguments):
        report.add("MG012", place, f'the precision or scale of "{text}" is out of range', "for example numeric(5,1)")
    else:
        return sql_type
    return UNKNOWN


def check_unit(report: Report, place: Place, declared: spec.Column, sql_type: SqlType) -> None:
    """Check that a column with a unit holds numbers."""
    if declared.unit is not None and not kinds.may_be_number(sql_type):
        message = f'"unit" is for numbers, but {declared.name} is of type {sql_type}'
        help_ = "give the column a type of numbers, or remove the unit and tell it in the description"
        report.add("MG044", place.at("unit").key, message, help_)


def _is_precision(precision: int, scale: int = 0) -> bool:
    return 1 <= precision <= _MAX_PRECISION and scale <= precision


def _value(report: Report, place: Place, declared: spec.Column, scope: PathScope) -> ir.Value | None:
    if declared.constant is not None:
        return ir.ConstantValue(declared.constant)
    if declared.carry is not None:
        return _carry_value(report, place.at("carry"), declared.carry, scope)
    if declared.origin is not None:
        return _origin_value(report, place.at("origin"), scope)
    if declared.parameter is not None:
        return _parameter_value(report, place.at("parameter"), declared.parameter, scope)
    if declared.path is not None:
        return _path_value(report, place.at("path"), declared.path, scope)
    return _level_value(report, place, declared, scope)


def _carry_value(report: Report, place: Place, declared: carrying.Carry, scope: PathScope) -> ir.CarryValue | None:
    if not scope.origin:
        return carry.carry_value(report, place, declared, scope)
    report.add("MG044", place.key, '"carry" has no effect in a table with origins', "use a table of its own")
    return None


def _level_value(report: Report, place: Place, declared: spec.Column, scope: PathScope) -> ir.Value | None:
    """The ordinal or the key of a level's item, or the item itself."""
    if declared.item_of is not None:
        return _item_value(report, place.at("item_of"), declared.item_of, scope)
    return _order_value(report, place, declared, scope)


def _order_value(
    report: Report, place: Place, declared: spec.Column, scope: PathScope
) -> ir.IndexValue | ir.KeyValue | None:
    """The ordinal or the key of a level's item."""
    if declared.index_of is not None:
        level = _level(report, place.at("index_of"), declared.index_of, scope, (ir.ListOf,))
        return None if level is None else ir.IndexValue(level.name, declared.start)
    level = _level(report, place.at("key_of"), declared.key_of or "", scope, (ir.MapOf, ir.MembersOf))
    return None if level is None else ir.KeyValue(level.name)


def _level(
    report: Report, place: Place, name: str, scope: PathScope, containers: tuple[type[ir.Container], ...]
) -> ir.Level | None:
    """The level of this name, if it is over one of these kinds of container."""
    variable = scope.variable(report, place, name)
    if variable is None or variable.level is None:
        if variable is not None:
            report.add("MG034", place, f'"{name}" is not a level')
        return None
    if not isinstance(variable.level.container, containers):
        report.add("MG034", place, f'"{name}" {_yields(variable.level.container)}')
        return None
    return variable.level


def _yields(container: ir.Container) -> str:
    """What a level does that has no index, or no key."""
    match container:
        case ir.ListOf():
            return "loops over a list, whose items have no key"
        case ir.MapOf() | ir.MembersOf():
            return "loops over an object, whose items have no order"
        case ir.Single():
            return "is a single object, which has neither a key nor an index"
        case _:
            assert_never(container)


def _item_value(report: Report, place: Place, name: str, scope: PathScope) -> ir.ItemValue | None:
    """The item of a level that loops over single values."""
    variable = scope.variable(report, place, name)
    if variable is None:
        return None
    item = value_type(variable.shape)
    if variable.level is None or item in {"object", "map", "array"}:
        found = f"each item of {name} is {kind(item)}" if variable.level else f"{name} is not a level"
        report.add("MG034", place, f"{found}, not a value", f"take one of its members, such as {name}.id")
        return None
    scope.follow(variable.path)
    return ir.ItemValue(name, item, variable.path)


def _origin_value(report: Report, place: Place, scope: PathScope) -> ir.ConstantValue | None:
    """The origin's name, as a constant of its rows."""
    if scope.origin:
        return ir.ConstantValue(scope.origin)
    report.add("MG044", place.key, '"origin" has no effect in a table without origins', "remove it")
    return None


def _path_value(report: Report, place: Place, path: str | list[str], scope: PathScope) -> ir.PathValue | None:
    texts = [(place, path)] if isinstance(path, str) else [(place.at(index), text) for index, text in enumerate(path)]
    if scope.origin:
        texts = [(at, text) for at, text in texts if scope.reaches(at, text)] or texts
    references = [scope.value(report, at, text) for at, text in texts]
    found = tuple(reference for reference in references if reference is not None)
    return ir.PathValue(found) if len(found) == len(references) else None


def _parameter_value(report: Report, place: Place, name: str, scope: PathScope) -> ir.ParameterValue | None:
    """A parameter that is a document key: with any other, equal responses to two requests would give different rows."""
    if name in scope.parameters:
        return ir.ParameterValue(name)
    message = f'the parameter "{name}" is not a key of the document'
    report.add(
        "MG081",
        place,
        message,
        did_you_mean(name, scope.parameters, "a column can only take a parameter that is a key of the document"),
    )
    return None


def check_settings(report: Report, place: Place, declared: spec.Column, *, with_origins: bool = False) -> bool:
    """Check that each setting has an effect and that the converter exists."""
    good = True
    for setting, sources in (_ONLY_FOR | (_ALSO_WITH_ORIGINS if with_origins else {})).items():
        if setting in declared.model_fields_set and all(getattr(declared, each) is None for each in sources):
            report.add(
                "MG044", place.at(setting).key, f'"{setting}" has no effect without {" or ".join(sources)}', "remove it"
            )
            good = False
    return good and (declared.convert is None or _is_converter(report, place.at("convert"), declared.convert))


def _is_converter(report: Report, place: Place, name: str) -> bool:
    """Check that there is such a converter, and that one of another package can be used."""
    known = sql_types.converter_names()
    if name not in known:
        report.add("MG041", place, f'unknown converter "{name}"', did_you_mean(name, known))
        return False
    try:
        sql_types.converted_types(name)
    except EtlError as error:
        report.add("MG041", place, str(error))
        return False
    return True


def _check_fit(report: Report, place: Place, declared: spec.Column, sql_type: SqlType, value: ir.Value) -> None:
    """Check that each source of the value can fill the type."""
    if declared.default is not None:
        check_scalar(report, place.at("default"), declared.default, sql_type)
    if isinstance(value, ir.ConstantValue):
        check_scalar(report, place.at("constant"), value.value, sql_type)
        return
    if isinstance(value, ir.CarryValue):
        _check_carried(report, place.at("carry"), value, sql_type)
    for name, json_type in _json_types(value):
        if json_type != "string" and (declared.null_if or declared.convert):
            setting = "convert" if declared.convert else "null_if"
            report.add(
                "MG042", place.at(setting), f"{setting} only applies to strings, but {name} is {kind(json_type)}"
            )
            return
        if sql_types.decoding(sql_type, json_type, declared.convert) is None:
            report.add("MG040", place.at("type"), *_misfit(declared, sql_type, name, json_type))
            return


def _check_carried(report: Report, place: Place, value: ir.CarryValue, sql_type: SqlType) -> None:
    """The start is a value of the column's type, and so is what a rule compares with."""
    if value.start is not None:
        check_scalar(report, place.at("start"), value.start, sql_type)
    for number, message in carry.misfits(value, sql_type):
        report.add("MG040", place.at("rules", number, "replaces"), message, "compare ids, numbers or texts of one type")


def _json_types(value: ir.Value) -> list[tuple[str, str]]:
    """Each source of the value, in words, with its JSON type."""
    match value:
        case ir.PathValue() | ir.CarryValue():
            return [(reference.path, reference.type) for reference in value.references]
        case ir.ItemValue(type=json_type, path=path):
            return [(path, json_type)]
        case ir.KeyValue(level):
            return [(f"the key of {level}", "string")]
        case ir.ParameterValue(name):
            return [(f"the parameter {name}", "string")]
        case ir.IndexValue():
            return [("an ordinal", "integer")]
        case ir.ConstantValue() | ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            return []  # not filled from the response
        case _:
            assert_never(value)


def _misfit(declared: spec.Column, sql_type: SqlType, name: str, json_type: str) -> tuple[str, str]:
    if declared.convert is not None:
        possible = sorted(sql_types.converted_types(declared.convert))
        return f"{declared.convert} can't produce {sql_type}", f"types it can fill: {', '.join(possible)}"
    if json_type == "any":
        return f"samples have only null at {name}, or values of several types, which no column can hold", ""
    possible = [each for each in sql_types.TYPES if sql_types.decoding(SqlType(each), json_type)]
    return f"{name} is {kind(json_type)}, which can't fill {sql_type}", f"types it can fill: {', '.join(possible)}"


def check_scalar(report: Report, place: Place, value: ir.Scalar, sql_type: SqlType) -> None:
    """Check that a constant or a default is a value of the column's type."""
    facts = sql_types.type_facts(sql_type)
    possible = facts.literals
    good = isinstance(value, possible) and isinstance(value, bool) == (bool in possible)
    if good and facts.bits is not None:
        good = -(2**facts.bits) <= value < 2**facts.bits
    if not good:
        help_ = "" if possible else "a mapping can only contain numbers, strings and booleans"
        report.add("MG043", place, f"{json.dumps(value, ensure_ascii=False)} is not a valid {sql_type}", help_)
