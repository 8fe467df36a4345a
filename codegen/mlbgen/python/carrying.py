"""The statements that keep carried values: where they start, change and are put by, around the loops that make rows."""

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import assert_never

from mlb_contracts import sql_types
from mlbgen import ir
from mlbgen.language.names import Identifier, SqlName, identifier, python_name
from mlbgen.python import conditions
from mlbgen.python.grouping import grouped
from mlbgen.python.scope import CodeScope, Local, Value
from mlbgen.python.values import converted, literal

_INDENT = "    "


class Carrying:
    """Says the statements of each depth; `after` are those that follow what is made in it."""

    def __init__(
        self, origin: ir.Origin, scope: CodeScope, own: Mapping[SqlName, Identifier], depths: Mapping[str, int]
    ) -> None:
        """`own` are the columns' locals, `depths` tell in how many loops each variable is known."""
        self.origin, self.scope, self.own, self.depths = origin, scope, own, depths
        self.columns = [(each, each.value) for each in origin.columns if isinstance(each.value, ir.CarryValue)]
        self.visits = {
            visit.name: scope.names.take(identifier(visit.name), f"{visit.name}_item") for visit in origin.visits
        }
        self.kept = {
            column.name: scope.names.take(f"{own[column.name]}_by") for column, value in self.columns if value.by
        }
        self.keys: dict[tuple[ir.Reference, ...], str] = {}
        self.indexes: dict[tuple[ir.Reference, tuple[tuple[str, ...], ...]], str] = {}
        self.after: dict[int, list[str]] = defaultdict(list)

    def begin(self, depth: int) -> None:
        """Say what stands at the start of that depth, and note what follows at its end."""
        for column, value in self.columns:
            if depth == 0:
                self._start(column, value)
            if value.by and depth == max(self.depths[each.root] for each in value.by):
                self._take(depth, column, value)
        level = self.origin.levels[depth - 1].name if depth else "$"
        visits = [visit for visit in self.origin.visits if self.depths[visit.within] == depth]
        self._rules(depth, ir.Before(level))
        for visit in visits:
            self._visit(depth, visit, ir.Before(visit.name))
        stored, self.after[depth] = self.after[depth], []
        for visit in visits:
            self._visit(depth, visit, ir.After(visit.name))
        self._rules(depth, ir.After(level))
        self.after[depth] += stored

    def _start(self, column: ir.Column, value: ir.CarryValue) -> None:
        local, annotation = self.own[column.name], f"{sql_types.type_facts(column.type).python} | None"
        if value.by:
            self.scope.say(0, f"{self.kept[column.name]}: dict[object, {annotation}] = {{}}")
        else:
            self.scope.say(0, f"{local}: {annotation} = {literal(column, value.start)}")

    def _take(self, depth: int, column: ir.Column, value: ir.CarryValue) -> None:
        """Take up what is carried for the values at `by`, and put it by at the end."""
        local, kept, key = self.own[column.name], self.kept[column.name], self._key(depth, value.by)
        otherwise = "" if value.start is None else f", {literal(column, value.start)}"
        self.scope.say(depth, f"{local} = {kept}.get({key}{otherwise})")
        self.after[depth].append(f"{kept}[{key}] = {local}")

    def _key(self, depth: int, by: tuple[ir.Reference, ...]) -> str:
        if by not in self.keys:
            values = [self.scope.value(each.root, each.members).or_none for each in by]
            key = ", ".join(values)
            if len(values) > 1:
                name = self.scope.names.take("_and_".join(map(self.scope.called, by)))
                self.scope.say(depth, f"{name} = ({key})")
                key = name
            self.keys[by] = key
        return self.keys[by]

    def _rules(self, depth: int, moment: ir.CarryMoment) -> None:
        for statement in self._statements(moment):
            self._say(depth, moment, statement)

    def _say(self, depth: int, moment: ir.CarryMoment, statement: str) -> None:
        match moment:
            case ir.Before():
                self.scope.say(depth, statement)
            case ir.After():
                self.after[depth].append(statement)
            case _:
                assert_never(moment)

    def _visit(self, depth: int, visit: ir.Visit, moment: ir.CarryMoment) -> None:
        """Run through the list, if a rule is about its items then."""
        if not any(rule.moment == moment for _, value in self.columns for rule in value.rules):
            return
        source, block, local = self._value(visit.source), self.scope.open_block(), self.visits[visit.name]
        items = self._matching(visit, source) if visit.matches else f"{source.expression} or ()"
        self.scope.declare(visit.name, Local(local, source.node.each, block))
        for statement in self._statements(moment):
            self.scope.say(block, statement)
        self._say(depth, moment, f"for {local} in {items}:\n{self._body(block)}")
        self.scope.forget(visit.name)

    def _matching(self, visit: ir.Visit, source: Value) -> str:
        """The items of the list that match, from a dict of them that is made once for the list."""
        members = tuple(members for members, _ in visit.matches)
        if (visit.source, members) not in self.indexes:
            each = source.node.each
            name = self.scope.names.take(
                f"{self.scope.called(visit.source)}_by_{'_and_'.join(identifier(way[-1]) for way in members)}"
            )
            self.indexes[visit.source, members] = name
            values = [self.scope.inline("each", each, way).or_none for way in members]
            self.scope.constants.add(python_name(each.annotation))
            self.scope.say(source.depth, f"{name}: dict[object, list[{each.annotation}]] = {{}}")
            there = " and ".join(f"{value} is not None" for value in values)  # nothing that is missing matches
            append = f"{name}.setdefault({_tuple(values)}, []).append(each)"
            lines = [f"for each in {source.expression} or ():", f"if {there}:", append]
            self.scope.say(source.depth, "\n".join(f"{_INDENT * depth}{line}" for depth, line in enumerate(lines)))
        wanted = _tuple([self._value(reference).or_none for _, reference in visit.matches])
        return f"{self.indexes[visit.source, members]}.get({wanted}, ())"

    def _body(self, block: int) -> str:
        return textwrap.indent("\n".join(self.scope.blocks[block]), _INDENT)

    def _statements(self, moment: ir.CarryMoment) -> Iterator[str]:
        """The rules of that moment; those that need an object which few items have stand where it is present."""
        for needed, rules in grouped(self.origin, moment, self.columns):
            if needed is None:
                yield from (self._statement(*each) for each in rules)
                continue
            with self.scope.present(moment.name, needed) as (header, block):
                for each in rules:
                    self.scope.say(block, self._statement(*each))
            yield f"{header}\n{self._body(block)}"

    def _statement(self, column: ir.Column, value: ir.CarryValue, rule: ir.CarryRule) -> str:
        local = self.own[column.name]
        changes: list[tuple[list[str], str]]
        tests = [*self._guard(column, rule.guard)]
        if rule.where is not None:
            tests.append(conditions.holds(rule.where, lambda members: self.scope.compared(members[0], members[1:])))
        match rule.action:
            case ir.Reset():
                changes = [([], f"{local} = {literal(column, value.start)}")]
            case ir.SetTo(references):
                changes = [self._change(column, each) for each in references]
            case _:
                assert_never(rule.action)
        if len(changes) > 1 and tests:
            inner = textwrap.indent(_if_chain(changes), _INDENT)
            return f"if {' and '.join(tests)}:\n{inner}"
        return _if_chain([([*tests, *own], change) for own, change in changes])

    def _change(self, column: ir.Column, reference: ir.Reference) -> tuple[list[str], str]:
        """Whether the value is there, and the statement that takes it."""
        found = self._value(reference)
        return [f"{found.or_none} is not None"], f"{self.own[column.name]} = {converted(column, found, reference)}"

    def _guard(self, column: ir.Column, guard: ir.CarryGuard | None) -> Iterator[str]:
        local = self.own[column.name]
        match guard:
            case None:
                pass
            case ir.Fills():
                yield f"{local} is None"
            case ir.Replaces(reference):
                yield f"{local} is not None"
                yield f"{local} == {converted(column, self._value(reference), reference)}"
            case _:
                assert_never(guard)

    def _value(self, reference: ir.Reference) -> Value:
        return self.scope.value(reference.root, reference.members)


def _tuple(expressions: list[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"({', '.join(expressions)})"


def _if_chain(changes: list[tuple[list[str], str]]) -> str:
    """`if`, `elif`: the first statement whose tests hold; one without tests by itself."""
    lines = []
    for number, (tests, statement) in enumerate(changes):
        if not tests:
            return statement
        lines.append(f"{'elif' if number else 'if'} {' and '.join(tests)}:\n{_INDENT}{statement}")
    return "\n".join(lines)
