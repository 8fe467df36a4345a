"""sums.py of a method: the sums that have to agree across its tables."""

from dataclasses import dataclass

from mlb_contracts.sums import SumRule, SumRules, SumSide
from mlbgen import ir
from mlbgen.python.code import WIDTH, Code, python_header, quoted, wrapped
from mlbgen.rendering import render


@dataclass(frozen=True, slots=True)
class _Context:
    header: Code
    docstring: Code
    table: Code
    where: Code
    rules: tuple[Code, ...]


def render_sums(method: ir.Method, sums: SumRules) -> str:
    """The module's text; its imports are pruned by the formatter."""
    return render(
        "sums.py.jinja",
        _Context(
            header=python_header(method.mapping_file),
            docstring=Code(f'"""The sums of {method.name} that have to agree."""'),
            table=quoted(sums.table),
            where=_literal(sums.where),
            rules=tuple(map(_rule, sums.rules)),
        ),
    )


def _rule(rule: SumRule) -> Code:
    exceptions = "".join(f"SumException({quoted(each.where)}, {_literal(each.reason)}),\n" for each in rule.exceptions)
    known = f"exceptions=({exceptions}),\n" if exceptions else ""
    kind = "" if rule.kind == "equal" else f"kind={quoted(rule.kind)},\n"
    sides = f"left={_side(rule.left)},\nright={_side(rule.right)},\n"
    return Code(f"SumRule(\n{quoted(rule.name)},\n{_literal(rule.description)},\n{sides}{kind}{known})")


def _side(side: SumSide) -> str:
    where = "" if side.where is None else f"where={_literal(side.where)},\n"
    each = f"each={quoted(side.each)},\n" if side.each else ""
    by = "".join(f"({quoted(name)}, {_literal(text)}),\n" for name, text in side.by)
    return f"SumSide(\n{quoted(side.table)},\n{_literal(side.value)},\nby=({by}),\n{where}{each})"


def _literal(text: str) -> Code:
    """A string literal, in parentheses if it is long enough to be split."""
    parts = wrapped(text, WIDTH - 48)
    return Code(f"({parts})") if "\n" in parts else parts
