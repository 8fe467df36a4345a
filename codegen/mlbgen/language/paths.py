"""The JSONPath of mappings: RFC 9535 member names, one or several, `[*]`, `.*` and filters.

A path is rooted at `$`, or at a named level.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from mlb_contracts import jsonpath

Literal: TypeAlias = str | int | float | bool | None


class PathError(ValueError):
    """A path that can't be parsed; `offset` counts characters from its start."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Comparison:
    """`@.a.b == literal`; without members, the item itself is compared."""

    members: tuple[str, ...]
    operator: str
    literal: Literal
    offset: int = field(default=0, compare=False, repr=False)  # of the @, in the path's text


@dataclass(frozen=True, slots=True)
class Exists:
    """`@.a.b`: the member exists."""

    members: tuple[str, ...]
    offset: int = field(default=0, compare=False, repr=False)  # of the @, in the path's text


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    operands: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    operands: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Exists | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Each:
    """`[*]` or `.*`: every item of a list or member of an object.

    `[?...]`: those that meet the condition `where`; `['a','b']`: the members of these `names`.
    """

    where: Condition | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """`root` is `$`, a level or a look-up; segments are member names and `Each`.

    `offsets` tell where in the text each segment starts, behind its dot.
    """

    root: str
    segments: tuple[str | Each, ...]
    offsets: tuple[int, ...] = field(default=(), compare=False, repr=False)


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_NUMBER_LENGTH = 40
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_OPERATORS = ("==", "!=", "<=", ">=", "<", ">")
_WORDS: dict[str, Literal] = {"true": True, "false": False, "null": None}


def parse(text: str) -> Path:
    """Read a path such as `$.liveData.plays.allPlays[*]` or `play.playEvents[?@.isPitch == true]`.

    Raises PathError with the offset of the error.
    """
    try:
        return _Parser(text).path()
    except RecursionError:
        raise PathError("nested too deeply", 0) from None


def parse_condition(text: str) -> Condition:
    """Read a condition on levels, such as `event.isPitch == true`: the first member of each comparison is the level.

    Raises PathError with the offset of the error.
    """
    try:
        return _Parser(text, rooted=True).condition()
    except RecursionError:
        raise PathError("nested too deeply", 0) from None


def looked_at(condition: Condition) -> Iterator[Comparison | Exists]:
    """The comparisons and tests that a condition is made of."""
    match condition:
        case Not(operand):
            yield from looked_at(operand)
        case AllOf(operands) | AnyOf(operands):
            for each in operands:
                yield from looked_at(each)
        case Exists() | Comparison():
            yield condition
        case _:
            assert_never(condition)


def parse_members(text: str) -> tuple[str, ...]:
    """Read a relative path of plain member names, such as `about.atBatIndex`."""
    path = parse(text)
    members = (path.root, *path.segments)
    for member in members:
        if not isinstance(member, str) or member == "$":
            raise PathError("only member names joined by dots are allowed here", 0)
    return tuple(str(member) for member in members)


class _Parser:
    """Reads a text from left to right. Conditions look at the item or, if `rooted`, at levels by their names."""

    def __init__(self, text: str, *, rooted: bool = False) -> None:
        self.text = text
        self.rooted = rooted
        self.at = 0
        self.starts: list[int] = []

    def path(self) -> Path:
        root = "$" if self._take("$") else self._name("a path starts with $ or with the name of a level")
        segments = self._segments(members_only=False)
        if self.at < len(self.text):
            raise self._error("expected a step: .name, ['name'], ['one','two'], [*], .* or [?...]")
        return Path(root, segments, tuple(self.starts))

    def condition(self) -> Condition:
        condition = self._any_of()
        self._spaces()
        if self.at < len(self.text):
            raise self._error("expected && or ||")
        return condition

    def _segments(self, *, members_only: bool) -> tuple[str | Each, ...]:
        segments: list[str | Each] = []
        while self.at < len(self.text):
            start = self.at
            if self._take("."):
                every = not members_only and self._take("*")
                segments.append(Each() if every else self._name("a member name follows a dot"))
            elif self.text.startswith(("['", '["'), self.at):
                segments.append(self._named(members_only=members_only))
            elif not members_only and self._take("[*]"):
                segments.append(Each())
            elif not members_only and self._take("[?"):
                segments.append(Each(self._any_of()))
                self._expect("]")
            else:
                break
            if not members_only:
                self.starts.append(start + self.text.startswith(".", start))
        return tuple(segments)

    def _named(self, *, members_only: bool) -> str | Each:
        """The member in brackets, or the members where several are named."""
        self.at += 1
        names = [self._string()]
        while not members_only and self._take(",", spaced=True):
            self._spaces()
            if (name := self._string()) in names:
                raise self._error(f"the member {name!r} is named twice")
            names.append(name)
        self._expect("]")
        return names[0] if len(names) == 1 else Each(names=tuple(names))

    def _any_of(self) -> Condition:
        operands = [self._all_of()]
        while self._take("||", spaced=True):
            operands.append(self._all_of())
        return operands[0] if len(operands) == 1 else AnyOf(tuple(operands))

    def _all_of(self) -> Condition:
        operands = [self._basic()]
        while self._take("&&", spaced=True):
            operands.append(self._basic())
        return operands[0] if len(operands) == 1 else AllOf(tuple(operands))

    def _basic(self) -> Condition:
        if self._take("!", spaced=True):
            return Not(self._basic())
        if self._take("(", spaced=True):
            inner = self._any_of()
            self._expect(")")
            return inner
        root = self._root()
        start = self.at - max(map(len, root), default=1)
        members = (*root, *(str(each) for each in self._segments(members_only=True)))
        for operator in _OPERATORS:
            if self._take(operator, spaced=True):
                return Comparison(members, operator, self._literal(), start)
        return Exists(members, start)

    def _root(self) -> tuple[str, ...]:
        """What members start from: nothing for the item itself."""
        if self.rooted:
            self._spaces()
            return (self._name("a condition looks at a level, as in event.done == true"),)
        if not self._take("@", spaced=True):
            raise self._error("a filter looks at the item, as in [?@.done == true]")
        return ()

    def _literal(self) -> Literal:
        self._spaces()
        if self.text.startswith(("'", '"'), self.at):
            return self._string()
        if word := jsonpath.NAME.match(self.text, self.at):
            if word.group() in _WORDS:
                self.at = word.end()
                return _WORDS[word.group()]
        elif number := _NUMBER.match(self.text, self.at):
            value: int | float = json.loads(number.group()) if len(number.group()) <= _NUMBER_LENGTH else math.inf
            if not math.isfinite(value):
                raise self._error("the number is too large")
            self.at = number.end()
            return value
        raise self._error("expected a literal: a quoted string, a number, true, false or null")

    def _string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise self._error("the quoted string does not end")
        self.at = match.end()
        single, double = match.groups()
        try:
            return jsonpath.unquoted(single) if double is None else jsonpath.decoded(double)
        except ValueError:
            raise self._error("the quoted string has an escape that JSON does not have") from None

    def _name(self, otherwise: str) -> str:
        match = jsonpath.NAME.match(self.text, self.at)
        if match is None:
            raise self._error(otherwise)
        self.at = match.end()
        return match.group()

    def _take(self, token: str, *, spaced: bool = False) -> bool:
        if spaced:
            self._spaces()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token, spaced=True):
            raise self._error(f"expected {token!r}")

    def _spaces(self) -> None:
        while self.text.startswith(" ", self.at):
            self.at += 1

    def _error(self, message: str) -> PathError:
        return PathError(message, self.at)
