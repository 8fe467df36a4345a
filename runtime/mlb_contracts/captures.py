"""What generated code gets of a capture, and what it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = tuple[Any, ...]
Body = bytes | bytearray | memoryview
# Called with each unreadable value: its path as columns state it, the value, and what was expected.
Unreadable = Callable[[str, object, str], None]


@dataclass(frozen=True, slots=True)
class Capture:
    """The facts about a response, without its body.

    `captured_at` is the time whose state it shows (UTC): when the request was sent, or the past time that it asked for.
    `parameters` holds the request's path and query parameters. `unreadable` is called with each value that an optional
    column can't take, which becomes NULL. Without it, such a value raises Rejected, as in any other column.
    """

    captured_at: datetime
    parameters: Mapping[str, str]
    unreadable: Unreadable | None = None
