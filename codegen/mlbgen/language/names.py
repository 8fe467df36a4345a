"""Names: converted from the API's camelCase to Python and SQL, and checked."""

import builtins
import keyword
import re
from typing import Any, NewType, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mlb_contracts import limits, requests

# A name in generated Python; only `python_name` makes one.
Identifier = NewType("Identifier", str)

_SQL_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


class SqlName(str):
    """A name in SQL, of a schema, table, column, constraint or index. Raises ValueError for any other text."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not is_sql_name(text):
            raise ValueError(f"{text!r} is not a name in SQL")
        return super().__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Names in a released schema are checked when it is read."""
        return core_schema.no_info_after_validator_function(cls, handler(str))


def snake(name: str) -> str:
    """`liveGameV1` -> `live_game_v1`, `fullFMLName` -> `full_fml_name`, `pX` -> `p_x`."""
    return "_".join(word.lower() for word in _WORD_BREAK.split(name) if word)


def folder(endpoint: str, method: str, hydration: str | None = None) -> str:
    """The folder of a method in the package: `game/live_game_v1`, and of a hydration `person/person_education`."""
    parts = (method, *(requests.required_hydrations(hydration) if hydration else ()))
    return f"{snake(endpoint)}/{'_'.join(map(snake, parts))}"


def pascal(name: str) -> str:
    """`playEvents` -> `PlayEvents`, `live_game_plays` -> `LiveGamePlays`."""
    return "".join(word.capitalize() for word in snake(name).split("_"))


def identifier(name: str) -> Identifier:
    """A Python name in snake case that is not a keyword and shadows no builtin."""
    candidate = re.sub(r"\W", "_", snake(name), flags=re.ASCII) or "_"
    if candidate[0].isdigit():
        candidate = f"n{candidate}"
    if keyword.iskeyword(candidate) or keyword.issoftkeyword(candidate) or hasattr(builtins, candidate):
        candidate += "_"
    return python_name(candidate)


def python_name(text: str) -> Identifier:
    """The text as a name in Python. Raises ValueError where it is none."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise ValueError(f"{text!r} is no name in Python")
    return Identifier(text)


def is_sql_name(name: str) -> bool:
    """Lower case, ASCII, at most 63 bytes: the same quoted and unquoted."""
    return _SQL_NAME.fullmatch(name) is not None and len(name) <= limits.NAME_BYTES
