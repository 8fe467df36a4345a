"""Conditions of levels as text, in the syntax of mappings."""

import json
from typing import assert_never

from mlb_contracts import jsonpath
from mlbgen.language.paths import AllOf, AnyOf, Comparison, Condition, Exists, Not


def condition_text(condition: Condition) -> str:
    """`@.isPitch == true && !@.note`; `@` is the item."""
    match condition:
        case Comparison(members, operator, literal):
            return f"{_place(members)} {operator} {json.dumps(literal, ensure_ascii=False)}"
        case Exists(members):
            return _place(members)
        case Not(operand):
            return f"!{_within(operand)}"
        case AllOf(operands):
            return " && ".join(map(_within, operands))
        case AnyOf(operands):
            return " || ".join(map(_within, operands))
        case _:
            assert_never(condition)


def _within(condition: Condition) -> str:
    text = condition_text(condition)
    return text if isinstance(condition, Exists) else f"({text})" if not isinstance(condition, Comparison) else text


def _place(members: tuple[str, ...]) -> str:
    return "@" + "".join(map(jsonpath.step_text, members))
