"""Assertions of the tests meet something: kinds of test that can't fail are told by their form."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("test_*.py"))
# What has as many items as its first argument.
ALIKE = {"enumerate", "pairwise", "sorted", "reversed", "list", "tuple", "set", "map", "zip", "filter"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_nothing_is_asserted_of_nothing(path: Path) -> None:
    """What is asserted of each has to be asserted of some: say `some(...)` of checks.py, or how many there are."""
    assert [place for function in functions(path.read_text()) for place in of_nothing(function)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_alternatives_are_not_of_one_thing(path: Path) -> None:
    """`assert (a, b) == (1, 2) or a == 1` asserts the second only; say `in`, or which one is right when."""
    assert [place for function in functions(path.read_text()) for place in of_one_thing(function)] == []


def functions(source: str) -> list[ast.FunctionDef]:
    """The tests. What helpers assert may well be of nothing now and then, and what is asserted of any example too."""
    tests = (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef))
    tests = (each for each in tests if each.name.startswith("test_"))
    return [test for test in tests if not any(ast.unparse(each).startswith("given(") for each in test.decorator_list)]


def of_nothing(function: ast.FunctionDef) -> Iterator[str]:
    """Loops around assertions, and assertions of `all` or not `any`, over what may be empty for all one can see."""
    for node, around in _nodes(function):
        over = None if around else _over(node)
        if over is None or _has_items(_meant(over, function)):
            continue
        if not _counted(over, node, function) and not _counting(node, function):
            yield f"line {over.lineno}: {ast.unparse(over)}"


def of_one_thing(function: ast.FunctionDef) -> Iterator[str]:
    for node, _ in _nodes(function):
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
            first, *others = node.test.values
            if any(_compared(first) & _compared(each) for each in others):
                yield f"line {node.lineno}: {ast.unparse(node.test)}"


def _nodes(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, bool]]:
    """All below it, and whether a loop is around: of that it was said before that it goes round."""

    def below(node: ast.AST, *, around: bool) -> Iterator[tuple[ast.AST, bool]]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef):
                yield child, around
                yield from below(child, around=around or isinstance(child, ast.For | ast.While))

    return below(function, around=False)


def _over(node: ast.AST) -> ast.expr | None:
    """What a loop with assertions, or an asserted `all(...)` or `not any(...)`, goes over."""
    match node:
        case ast.For() if any(isinstance(each, ast.Assert) for each in ast.walk(node)):
            return node.iter
        case ast.Assert(test=ast.Call(func=ast.Name(id="all"), args=[over])):
            pass
        case ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="any"), args=[over]))):
            pass
        case _:
            return None
    return over.generators[0].iter if isinstance(over, ast.GeneratorExp) else over


def _meant(found: ast.expr, function: ast.FunctionDef) -> ast.expr:
    """What the function has assigned to a name, or the name's members: `bad.items()` of `bad = {...}`."""
    of = found.func.value if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute) else found
    assigned = (each for each in ast.walk(function) if isinstance(each, ast.Assign) and len(each.targets) == 1)
    return next((each.value for each in assigned if ast.unparse(each.targets[0]) == ast.unparse(of)), found)


def _has_items(found: ast.expr) -> bool:
    match found:
        case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
            return bool(ast.unparse(found).strip("()[]{}"))
        case ast.Call(func=ast.Name(id="some" | "range")):
            return True
        case ast.Call(func=ast.Name(id=name), args=[*_, last]) if name in ALIKE:
            return _has_items(last if name in {"map", "filter", "zip"} else found.args[0])
        case ast.Call(func=ast.Attribute(value=of, attr="items" | "keys" | "values")):
            return _has_items(of)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return False


def _counted(found: ast.expr, node: ast.AST, function: ast.FunctionDef) -> bool:
    """Whether another assertion of the function is about it, or about what it is of: `feeds` of `feeds[::3]`."""
    inside = set(ast.walk(node))
    asserted = (each for each in ast.walk(function) if isinstance(each, ast.Assert) and each not in inside)
    same = set(_of(found))
    return any(
        isinstance(part, ast.expr) and ast.unparse(part) in same for each in asserted for part in ast.walk(each.test)
    )


def _of(found: ast.expr) -> Iterator[str]:
    """An expression, and what has as many items or more."""
    yield ast.unparse(found)
    match found:
        case ast.Call(func=ast.Name(id=name), args=[*_, of]) if name in ALIKE:
            yield from _of(of)
        case ast.Call(func=ast.Attribute(value=of, attr="items" | "keys" | "values")) | ast.Subscript(value=of):
            yield from _of(of)


def _counting(loop: ast.AST, function: ast.FunctionDef) -> bool:
    """Whether the loop collects something that an assertion behind it is about."""
    inside = list(ast.walk(loop))
    collected = {ast.unparse(each.target) for each in inside if isinstance(each, ast.AugAssign)}
    for each in inside:
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add" | "extend" | "update")):
                collected.add(name)
    asserted = [each for each in ast.walk(function) if isinstance(each, ast.Assert) and each not in inside]
    return any(isinstance(name, ast.Name) and name.id in collected for each in asserted for name in ast.walk(each.test))


def _compared(test: ast.expr) -> set[str]:
    """What stands on the left of `==` and its like."""
    left = [each.left for each in ast.walk(test) if isinstance(each, ast.Compare)]
    is_none = ast.unparse(test).endswith((" is None", " is not None"))
    parts = (part for each in left for part in (each.elts if isinstance(each, ast.Tuple) else [each]))
    return set() if is_none else {ast.unparse(part) for part in parts if not isinstance(part, ast.Constant)}


@pytest.mark.parametrize(
    "body",
    [
        "for each in found: assert each",
        "for each in sorted(found): assert each",
        "for each in []: assert each",
        "assert all(each for each in found)",
        "assert not any(map(bool, found))",
        "if found:\n  for each in found: assert each",
        "other = 1\n for each in found: other += each; assert each\n assert 1",
    ],
)
def test_what_may_be_nothing(body: str) -> None:
    [function] = functions(f"def test_it():\n {body}")
    assert len([*of_nothing(function)]) == 1


@pytest.mark.parametrize(
    "body",
    [
        "for each in some(found): assert each",
        "for each in CASES.values(): assert each",
        "for number, each in enumerate((1, 2)): assert each",
        "assert len(found) > 7\n for each in found: assert each",
        "seen = []\n for each in found: assert each; seen.append(each)\n assert seen == [1]",
        "assert all(each for each in (1, 2))",
    ],
)
def test_what_is_something(body: str) -> None:
    [function] = functions(f"def test_it():\n {body}")
    assert [*of_nothing(function)] == []


@pytest.mark.parametrize(
    ("test", "refused"),
    [
        ("(a.b, c) == (1, 2) or a.b == 1", True),
        ("len(a) == 3 or (b and len(a) < 3)", True),
        ("a is None or a > 1", False),
        ("a.b == 1 or a.c == 2", False),
    ],
)
def test_what_is_of_one_thing(test: str, *, refused: bool) -> None:
    [function] = functions(f"def test_it(): assert {test}")
    assert bool([*of_one_thing(function)]) == refused
