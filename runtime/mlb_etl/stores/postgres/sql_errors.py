"""Classifies database errors by SQLSTATE, because their text depends on the server's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

import psycopg

from mlb_etl.errors import (
    CheckFailed,
    DatabaseUnavailable,
    DuplicateKey,
    EtlError,
    QueryCancelled,
    Rejected,
    RowTooLong,
    ValueRefused,
)

Kind: TypeAlias = Literal["rejected", "unavailable", "mendable", "bug"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error means to a caller.

    rejected: rows break a rule; unavailable: trying again can help; mendable: the user has to change something; bug:
    our statement or the server is at fault. `advice` tells the user what to do.
    """

    kind: Kind
    advice: str = ""


READ_ONLY = (
    "it is a standby, or default_transaction_read_only is on for the role or the database; set MLB_ETL_DSN to the"
    " primary, or if it names several hosts, add target_session_attrs=read-write"
)

_BUG = Meaning("bug")
_REJECTED = Meaning("rejected")
_UNAVAILABLE = Meaning("unavailable")
_CHANGED = "the schema was changed by hand: `mlb-etl schema status` lists the differences"
_PRIVILEGE = (
    "run as the owner of the tables, or let the owner run `mlb-etl schema roles --apply` if this role is to load"
)
_IN_THE_WAY = "rename or drop what already exists: `mlb-etl schema status` lists how the schema differs"

# A full SQLSTATE takes precedence over its class; one that is in neither is a bug.
_STATES: Mapping[str, Meaning] = {
    "0A000": Meaning("mendable", "this needs PostgreSQL 15 or newer; other servers are not supported"),
    "21000": _REJECTED,  # a key twice in one statement
    "22P03": _BUG,  # binary data, which mlb-etl packs
    "22P04": _BUG,
    "25006": Meaning("unavailable", READ_ONLY),
    "25P03": Meaning("unavailable", "the server's idle_in_transaction_session_timeout ended the session"),
    "25P04": Meaning("unavailable", "transaction_timeout is too short: raise it for this role"),
    "2BP01": Meaning("mendable", "first drop or change the objects that depend on it"),
    "3F000": Meaning("mendable", _CHANGED),
    "42501": Meaning("mendable", _PRIVILEGE),
    "42809": Meaning("mendable", _CHANGED),
    "42P01": Meaning("mendable", _CHANGED),
    "42P06": Meaning("mendable", _IN_THE_WAY),
    "42P07": Meaning("mendable", _IN_THE_WAY),
    "42P10": Meaning("mendable", _CHANGED),  # ON CONFLICT without its unique key
    "42P17": Meaning("mendable", _IN_THE_WAY),  # a partition with overlapping bounds
    "42710": Meaning("mendable", _IN_THE_WAY),
    "53100": Meaning("unavailable", "the server's disk is full: free some space"),
    "53200": Meaning(
        "unavailable",
        "if shared memory is exhausted, raise max_locks_per_transaction in the server's configuration and restart it:"
        " every partition that a statement uses takes a lock",
    ),
    "54000": _REJECTED,  # a row or an index entry that is too long
    "55006": Meaning("mendable", "other sessions use it: try again later"),
    "55000": Meaning("mendable", "an earlier operation on the object is incomplete: complete it first"),
    "55P03": _UNAVAILABLE,
    "57014": Meaning("unavailable", "it was cancelled, or statement_timeout is too short: raise it for this role"),
    "P0001": _REJECTED,  # RAISE in a trigger, a rule of the users
    "XX001": Meaning("mendable", "the server reports damaged data: restore it"),
    "XX002": Meaning("mendable", "the server reports a damaged index: REINDEX it"),
}
_CLASSES: Mapping[str, Meaning] = {
    "08": _UNAVAILABLE,
    "22": _REJECTED,
    "23": _REJECTED,
    "28": _UNAVAILABLE,
    "38": Meaning("mendable", "one of your functions failed"),
    "39": Meaning("mendable", "one of your functions failed"),
    "3D": _UNAVAILABLE,
    "40": _UNAVAILABLE,
    "44": _REJECTED,
    "53": _UNAVAILABLE,
    "57": _UNAVAILABLE,
    "58": _UNAVAILABLE,
    "F0": _UNAVAILABLE,
    "HV": Meaning("mendable", "one of your foreign tables failed"),
    "P0": Meaning("mendable", "one of your functions or triggers failed"),
}

# Refusals that the caller handles before it puts the document aside.
_REFUSALS: Mapping[type[psycopg.Error], type[Rejected]] = {
    psycopg.errors.CheckViolation: CheckFailed,
    psycopg.errors.ProgramLimitExceeded: RowTooLong,
    psycopg.errors.UniqueViolation: DuplicateKey,
    psycopg.DataError: ValueRefused,
}

_CANCELLED = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)


def meaning(error: psycopg.Error) -> Meaning:
    """Classify the error; one without SQLSTATE comes from the driver."""
    if error.sqlstate is not None:
        if error.diag.source_function == "RevalidateCachedQuery":  # a table changed under a prepared statement
            return _UNAVAILABLE
        return _STATES.get(error.sqlstate) or _CLASSES.get(error.sqlstate[:2], _BUG)
    if isinstance(error, psycopg.DataError):
        return _REJECTED
    return _UNAVAILABLE if isinstance(error, psycopg.OperationalError) else _BUG


def reraise(error: psycopg.Error, table: str | None = None) -> NoReturn:
    """Raise the error as one of ours, or unchanged if it is a bug."""
    kind = meaning(error).kind
    if kind == "bug":
        raise error
    if kind == "rejected":
        of = table or (error.diag.table_name and f"{error.diag.schema_name}.{error.diag.table_name}")
        reason = f"the database refuses the row: {message(error)}"
        refused = _refusal(error)(reason, value=error.diag.message_detail, table=of)
        if isinstance(refused, CheckFailed):
            refused.check = error.diag.constraint_name
        raise refused from error
    if kind == "unavailable":
        ours = QueryCancelled if isinstance(error, _CANCELLED) else DatabaseUnavailable
        raise ours(f"the database stopped the work: {with_advice(error)}") from error
    raise EtlError(f"the database refuses: {with_advice(error)}") from error


def _refusal(error: psycopg.Error) -> type[Rejected]:
    return next((ours for theirs, ours in _REFUSALS.items() if isinstance(error, theirs)), Rejected)


def message(error: psycopg.Error) -> str:
    """The server's message in one line, or the driver's."""
    return error.diag.message_primary or str(error).strip()


def with_advice(error: psycopg.Error) -> str:
    """The message with advice, if there is any."""
    advice = meaning(error).advice
    return f"{message(error)}; {advice}" if advice else message(error)
