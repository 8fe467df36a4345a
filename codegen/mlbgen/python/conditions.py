"""Filters in Python, compared as in RFC 9535: an absent value equals nothing and has no order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from mlbgen.language import paths
from mlbgen.python.code import Code, quoted

# The expression for the value at the members. It can be None (null or absent); with the flag, also UNSET (absent).
Read: TypeAlias = Callable[[tuple[str, ...]], tuple[str, bool]]

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def fails(condition: paths.Condition, read: Read) -> Code:
    """The expression that is true if an item does not pass the filter."""
    return Code(_test(condition, read, negated=True, nested=False))


def holds(condition: paths.Condition, read: Read) -> Code:
    """The expression that is true where the condition holds, to stand in an `and`."""
    return Code(_test(condition, read, negated=False, nested=isinstance(condition, paths.AnyOf | paths.Not)))


def _test(condition: paths.Condition, read: Read, *, negated: bool, nested: bool) -> str:
    match condition:
        case paths.Not(operand):
            return _test(operand, read, negated=not negated, nested=nested)
        case paths.AllOf(operands) | paths.AnyOf(operands):
            all_of = isinstance(condition, paths.AllOf)
            if one := _one_value("!=" if all_of else "==", operands):
                return f"{read(one.members)[0]} {'not in' if all_of != negated else 'in'} {quoted(one.literals)}"
            tests = [_test(each, read, negated=negated, nested=True) for each in operands]
            return _joined(tests, all_of=all_of != negated, nested=nested)
        case paths.Exists(members):
            return f"{read(members)[0]} is {'' if negated else 'not '}UNSET"
        case paths.Comparison():
            return _compared(condition, read, negated=negated, nested=nested)
        case _:
            assert_never(condition)


def _compared(comparison: paths.Comparison, read: Read, *, negated: bool, nested: bool) -> str:
    value, can_be_unset = read(comparison.members)
    operator = _OPPOSITE[comparison.operator] if negated else comparison.operator
    literal = quoted(comparison.literal)
    if isinstance(comparison.literal, bool | None):
        return f"{value} is {'not ' if operator == '!=' else ''}{literal}"
    if operator in {"==", "!="}:
        return f"{value} {operator} {literal}"
    absent = ["None", "UNSET"] if can_be_unset else ["None"]
    guards = [f"{value} is {'' if negated else 'not '}{each}" for each in absent]
    return _joined([*guards, f"{value} {operator} {literal}"], all_of=not negated, nested=nested)


@dataclass(frozen=True, slots=True)
class _OneValue:
    """A value, and the literals that it is compared with."""

    members: tuple[str, ...]
    literals: tuple[paths.Literal, ...]


def _one_value(operator: str, operands: tuple[paths.Condition, ...]) -> _OneValue | None:
    """The value that all operands compare with strings or numbers by this operator; None if there are several."""
    comparisons = [each for each in operands if isinstance(each, paths.Comparison) and each.operator == operator]
    if len(comparisons) < len(operands) or len({each.members for each in comparisons}) > 1:
        return None
    literals = tuple(each.literal for each in comparisons)
    return (
        None if any(isinstance(each, bool | None) for each in literals) else _OneValue(comparisons[0].members, literals)
    )


def _joined(tests: list[str], *, all_of: bool, nested: bool) -> str:
    text = (" and " if all_of else " or ").join(tests)
    return f"({text})" if nested else text
