"""The errors that generated code raises, and their base class."""


class EtlError(Exception):
    """The base class: something that a user can fix. The message says what, where, why and what to do."""


class Rejected(EtlError):
    """A document breaks a rule, so nothing of it is written.

    table: the table concerned, `schema.name`; path: RFC 9535 path of the place, with indexes where known;
    value: the value there; reason: the rule that it breaks.
    """

    def __init__(self, reason: str, *, path: str = "$", value: object = None, table: str | None = None) -> None:
        self.reason, self.path, self.value, self.table = reason, path, value, table
        super().__init__(reason)

    def __str__(self) -> str:
        where = f"{self.table}: " if self.table else ""
        return f"{where}{self.path} is {shortened(self.value)}: {self.reason}"


def shortened(value: object, limit: int = 80) -> str:
    """The value's repr, cut to `limit` characters."""
    try:
        text = repr(value)
    except RecursionError:  # decoders accept deeper nesting than repr does
        text = f"{type(value).__name__}, nested too deep to show"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
