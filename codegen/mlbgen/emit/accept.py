"""The body of `accept`: a test for each rule that the decoder does not hold a response to already."""

from mlbgen import ir, paths
from mlbgen.emit.python import quoted
from mlbgen.emit.scope import Scope
from mlbgen.names import identifier


def say(scope: Scope, rule: ir.Rule) -> None:
    """Add the rule's test to the statements of the scope's depth 0. A null is as if it was not there."""
    if rule.kind == "type":
        return  # as the struct's annotation says
    value = _value(scope, rule)
    text, path = quoted(rule.text), quoted(rule.path)
    match rule.kind:
        case "present":
            test, shown = f"{value} is None", ""
        case "absent":
            test, shown = f"{value} is not None", f", value={value}"
        case "equals_parameter":
            wanted = f"capture.parameters.get({quoted(rule.argument)})"
            test, shown = f"{value} is None or str({value}) != {wanted}", f", value={value}"
    scope.say(0, f"if {test}:\n    raise Rejected({text}, path={path}{shown})")


def _value(scope: Scope, rule: ir.Rule) -> str:
    """The expression for what the rule is about; for a path with loops the first value that is there."""
    first, *others = _between_loops(paths.parse(rule.path))
    value = scope.value("$", first)
    if not others:
        return value.or_none
    loops = []
    for number, members in enumerate(others):
        item = f"each_{number}" if number else "each"
        items = f"({value.expression} or {{}}).values()" if value.node.is_map else f"{value.expression} or ()"
        loops.append(f"for {item} in {items}")
        value = scope.inline(item, value.node.each, members)
    local = scope.names.take(identifier((others[-1] or first)[-1]))
    found = value.or_none
    scope.say(0, f"{local} = next(({found} {' '.join(loops)} if {found} is not None), None)")
    return local


def _between_loops(path: paths.Path) -> list[tuple[str, ...]]:
    """The members before the first loop, those after it, and so on."""
    parts: list[tuple[str, ...]] = [()]
    for segment in path.segments:
        if isinstance(segment, str):
            parts[-1] += (segment,)
        else:
            parts.append(())
    return parts
