"""Filters as Python: the comparisons of RFC 9535, where what is absent equals nothing and has no order."""

from collections.abc import Callable
from typing import TypeAlias

from mlbgen import paths
from mlbgen.emit.python import Source, quoted

# The expression for what the members lead to. It can be None (null or absent); with the flag it can be UNSET (absent).
Read: TypeAlias = Callable[[tuple[str, ...]], tuple[str, bool]]

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def fails(condition: paths.Condition, read: Read) -> Source:
    """The expression that is true for an item that does not pass."""
    return Source(_test(condition, read, negated=True, nested=False))


def _test(condition: paths.Condition, read: Read, *, negated: bool, nested: bool) -> str:
    match condition:
        case paths.Not(operand):
            return _test(operand, read, negated=not negated, nested=nested)
        case paths.AllOf(operands) | paths.AnyOf(operands):
            tests = [_test(each, read, negated=negated, nested=True) for each in operands]
            return _joined(tests, all_of=isinstance(condition, paths.AllOf) != negated, nested=nested)
        case paths.Exists(members):
            return f"{read(members)[0]} is {'' if negated else 'not '}UNSET"
        case paths.Comparison(members, operator, literal):
            value, can_be_unset = read(members)
            shown = _OPPOSITE[operator] if negated else operator
            if literal is None or isinstance(literal, bool):
                return f"{value} is {'not ' if shown == '!=' else ''}{quoted(literal)}"
            if operator in {"==", "!="}:
                return f"{value} {shown} {quoted(literal)}"
            absent = ["None", "UNSET"] if can_be_unset else ["None"]
            guards = [f"{value} is {'' if negated else 'not '}{each}" for each in absent]
            return _joined([*guards, f"{value} {shown} {quoted(literal)}"], all_of=not negated, nested=nested)


def _joined(tests: list[str], *, all_of: bool, nested: bool) -> str:
    text = (" and " if all_of else " or ").join(tests)
    return f"({text})" if nested else text
