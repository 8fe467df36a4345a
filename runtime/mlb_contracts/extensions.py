"""Converters and checks that other packages add to the mapping language, by entry points.

    [project.entry-points."mlb_etl.converters"]
    miles = "my_package.convert:miles"

    from mlb_etl import converter

    @converter(fills=["integer"])
    def miles(text: str) -> int: ...

Names are data of a mapping: only registered ones are loaded, and only those of the mapping language's form.
"""

import hashlib
import inspect
import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, Final, Generic, TypeVar

from mlb_contracts.errors import EtlError, shortened
from mlb_contracts.registered import entry_points

T = TypeVar("T")

CONVERTERS: Final = "mlb_etl.converters"
CHECKS: Final = "mlb_etl.checks"
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
_MOST_VERSION = 1_000_000


class Converter(Generic[T]):
    """A function that reads a text, with the SQL types whose columns it fills.

    It returns a value of the type's Python class, and raises ValueError with what is expected for any other text. It
    always returns the same for the same text. `version` is raised when it returns something else for a text.
    `mlbgen suggest` tries it for columns whose names have `suggested_for` in them, None for none; `unit` is that of the
    values, if it is another than that of the texts.
    """

    def __init__(
        self,
        read: Callable[[str], T],
        fills: Collection[str],
        version: int = 1,
        suggested_for: str | None = None,
        unit: str = "",
    ) -> None:
        self.read = read
        self.fills = frozenset(fills)
        self.version = version
        self.suggested_for = suggested_for
        self.unit = unit
        self.__doc__ = read.__doc__

    def __call__(self, text: str) -> T:
        """The value of a text, as the function returns it."""
        return self.read(text)

    @property
    def mark(self) -> str:
        """The version and a hash of the function's text: if it changes, what was read by it is read again."""
        try:
            text = inspect.getsource(self.read)
        except (OSError, TypeError):  # it has no text, as one that was compiled
            text = ""
        return f"{self.version}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


class Check:
    """A function from the names of columns, quoted where needed, to an SQL condition over them."""

    def __init__(self, condition: Callable[..., str]) -> None:
        self.condition = condition
        self.__doc__ = condition.__doc__

    def __call__(self, *columns: str) -> str:
        """The condition over these columns."""
        return self.condition(*columns)


def converter(
    *, fills: Collection[str], version: int = 1, suggested_for: str | None = None, unit: str = ""
) -> Callable[[Callable[[str], T]], Converter[T]]:
    """Make a converter of the function below it."""

    def made(read: Callable[[str], T]) -> Converter[T]:
        return Converter(read, fills, version, suggested_for, unit)

    return made


def check(condition: Callable[..., str]) -> Check:
    """Make a check of the function below it."""
    return Check(condition)


@cache
def names(group: str) -> tuple[str, ...]:
    """The names that the installed packages register in a group, in alphabetical order."""
    return tuple(sorted({each.name for each in entry_points(group) if _NAME.fullmatch(each.name)}))


@cache
def installed_converter(name: str) -> Converter[Any]:
    """The converter of that name. Raises EtlError if there is none, or if it is unusable."""
    found = load(CONVERTERS, name)
    if not isinstance(found, Converter) or not callable(found.read):
        raise EtlError(f"the converter {name} is not one: decorate it with @converter(fills=[...])")
    if not found.fills or not all(isinstance(each, str) for each in found.fills):
        raise EtlError(f"the converter {name} fills no column: name SQL types, such as fills=['integer']")
    if type(found.version) is not int or not 1 <= found.version <= _MOST_VERSION:
        raise EtlError(f"the converter {name} has the version {shortened(found.version)}: 1 or a later one is expected")
    if _takes(found.read, 1) is False:
        raise EtlError(f"the converter {name} can't be called with one text")
    return found


@cache
def installed_check(name: str) -> Check:
    """The check of that name. Raises EtlError if there is none, or if it is unusable."""
    found = load(CHECKS, name)
    if not isinstance(found, Check) or not callable(found.condition):
        raise EtlError(f"the check {name} is not one: decorate it with @check")
    return found


def suggested(column: str) -> list[tuple[str, Converter[Any]]]:
    """The installed converters that suggest themselves for a column of this name; one that is unusable does not."""
    found = []
    for name in names(CONVERTERS):
        try:
            each = installed_converter(name)
        except EtlError:
            continue
        if each.suggested_for is not None and each.suggested_for in column:
            found.append((name, each))
    return found


def condition(name: str, columns: Collection[str]) -> str:
    """The SQL condition of a check over columns, as SQL has their names. Raises EtlError."""
    found = installed_check(name)
    if _takes(found.condition, len(columns)) is False:
        raise EtlError(f"the check {name} does not take {len(columns)} columns")
    try:
        made: object = found(*columns)
    except Exception as error:
        raise EtlError(f"the check {name} failed: {type(error).__name__}: {shortened(str(error))}") from error
    if not isinstance(made, str) or not made.strip():
        raise EtlError(f"the check {name} returned {shortened(made)}: an SQL condition is expected")
    return made


def load(group: str, name: str) -> object:
    """What is registered under a name. Raises EtlError if there is nothing, or several, or if it can't be imported."""
    kind = group.rpartition(".")[2].removesuffix("s")
    found = [each for each in entry_points(group) if each.name == name] if _NAME.fullmatch(name) else []
    if not found:
        raise EtlError(
            f"the {kind} {shortened(name)} is not installed: install the package that registers it under {group}"
        )
    if len({each.value for each in found}) > 1:
        values = " and ".join(sorted({each.value for each in found}))
        raise EtlError(f"there are two {kind}s {name}, {values}: uninstall one of them")
    try:
        loaded: object = found[0].load()
    except Exception as error:
        why = f"{type(error).__name__}: {shortened(str(error))}"
        raise EtlError(f"the {kind} {name}, {found[0].value}, can't be imported: {why}") from error
    return loaded


def _takes(function: Callable[..., object], number: int) -> bool | None:
    """Whether a function takes that many arguments; None if it does not tell."""
    try:
        inspect.signature(function).bind(*[""] * number)
    except TypeError:
        return False
    except ValueError:
        return None
    return True
