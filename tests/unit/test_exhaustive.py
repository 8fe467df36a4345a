"""Whoever adds a variant to the IR is led by mypy: every match over variants ends in assert_never."""

import ast
from pathlib import Path

import pytest
from checks import some

import mlbgen
from mlbgen import ir
from mlbgen.language import ignores, paths

SOURCES = sorted(Path(mlbgen.__file__).parent.rglob("*.py"))
CARRY = (ir.CarryMoment, ir.CarryGuard, ir.CarryAction)
UNIONS = (ir.Value, ir.Container, ir.Partition, ir.Index, ir.RuleTest, paths.Condition, ignores.Extent, *CARRY)
VARIANTS = {
    each.__name__: union for union in (*UNIONS, ir.LookUp.__dataclass_fields__["by"].type) for each in union.__args__
}


def matches(source: str) -> list[ast.Match]:
    """The statements that tell variants apart."""
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Match) and is_over_variants(node)]


def is_over_variants(match: ast.Match) -> bool:
    classes = (node.cls for case in match.cases for node in ast.walk(case.pattern) if isinstance(node, ast.MatchClass))
    return any(isinstance(each, ast.Attribute | ast.Name) and name(each) in VARIANTS for each in classes)


def name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def is_exhaustive(match: ast.Match) -> bool:
    """The last case takes all, without a condition, and is one call of assert_never; no other takes all."""
    *others, last = match.cases
    return (
        isinstance(last.pattern, ast.MatchAs)
        and last.pattern.pattern is None
        and ast.unparse(last.body[0]).startswith("assert_never(")
        and not any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None for case in others)
    )


def test_every_match_over_variants_ends_in_assert_never() -> None:
    found = [(file, match) for file in SOURCES for match in matches(file.read_text())]
    for file, match in some(found):
        assert is_exhaustive(match), f"{file.name}:{match.lineno} has no assert_never at its end"
    assert len(found) > 15


def test_values_columns_rules_look_ups_and_filters_are_variants() -> None:
    assert {
        "PathValue",
        "IngestedAt",
        "KeyOf",
        "AtIndex",
        "IsPresent",
        "EqualsParameter",
        "Not",
        "Reset",
        "Fills",
    } <= VARIANTS.keys()


def test_containers_partitions_indexes_and_what_is_ignored_are_variants() -> None:
    named = {
        "MapOf",
        "ListOf",
        "MembersOf",
        "Single",
        "ListPartition",
        "MonthPartition",
        "ColumnIndex",
        "ExpressionIndex",
        "Below",
        "Anywhere",
    }
    assert named <= VARIANTS.keys()


@pytest.mark.parametrize(
    "cases",
    [
        "case ir.PathValue():\n  pass",
        "case ir.PathValue():\n  pass\n case _:\n  pass",
        "case ir.PathValue():\n  pass\n case other:\n  pass\n case _:\n  assert_never(x)",
    ],
)
def test_one_that_does_not_is_found(cases: str) -> None:
    (match,) = matches(f"match x:\n {cases}")
    assert not is_exhaustive(match)
