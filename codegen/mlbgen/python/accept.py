"""The body of `accept`: a test for each rule that the decoder does not check already."""

from typing import assert_never

from mlb_contracts.jsonpath import Steps
from mlbgen import ir
from mlbgen.language.names import identifier
from mlbgen.python.code import quoted
from mlbgen.python.scope import CodeScope


def say(scope: CodeScope, rule: ir.Rule) -> None:
    """Add the rule's test to the statements at depth 0. A null counts as absent."""
    if isinstance(rule.test, ir.HasType):
        return  # checked by the decoder, from the struct's annotation
    first, *others = _between_loops(rule.steps)
    value = _in_loops(scope, rule, first, others) if others else scope.value("$", first).or_none
    text, path = quoted(rule.text), quoted(rule.path)
    shown = f", value={value}"
    match rule.test:
        case ir.IsPresent():
            test, shown = f"{value} is None", ""
        case ir.EqualsParameter() if not others:
            test = f"{value} is None or {_differs(rule.test, value)}"
        case ir.EqualsParameter() | ir.IsAbsent():
            test = f"{value} is not None"
        case _:
            assert_never(rule.test)
    scope.say(0, f"if {test}:\n    raise Rejected({text}, path={path}{shown})")


def _differs(test: ir.EqualsParameter, value: str) -> str:
    return f"str({value}) != {CodeScope.parameter(test.name).expression}"


def _in_loops(scope: CodeScope, rule: ir.Rule, first: tuple[str, ...], others: list[tuple[str, ...]]) -> str:
    """Assign the first value that breaks the rule to a local, and return its name."""
    value = scope.value("$", first)
    loops = []
    for number, members in enumerate(others):
        item = f"each_{number}" if number else "each"
        items = f"({value.expression} or {{}}).values()" if value.node.is_map else f"{value.expression} or ()"
        if value.node is scope.variable("$").node:
            items = value.expression  # the whole response, which is never absent
        loops.append(f"for {item} in {items}")
        value = scope.inline(item, value.node.each, members)
    local = scope.names.take(identifier((others[-1] or first or ("item",))[-1]))
    found = value.or_none
    wrong = f"{found} is not None"
    if isinstance(rule.test, ir.EqualsParameter):
        wrong += f" and {_differs(rule.test, found)}"
    scope.say(0, f"{local} = next(({found} {' '.join(loops)} if {wrong}), None)")
    return local


def _between_loops(steps: Steps) -> list[tuple[str, ...]]:
    """Split the steps at loops: the members before the first loop, those after it, and so on."""
    parts: list[tuple[str, ...]] = [()]
    for step in steps:
        if isinstance(step, str):
            parts[-1] += (step,)
        else:
            parts.append(())
    return parts
