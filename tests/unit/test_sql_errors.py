"""What becomes of an error of the database, by its SQLSTATE."""

import psycopg
import pytest
from psycopg import errors

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
from mlb_etl.stores.postgres import sql_errors
from mlb_etl.stores.postgres.sql_errors import message, reraise

BUG = None
MEANT = {
    # rows break a rule of theirs
    errors.NotNullViolation: Rejected,
    errors.ForeignKeyViolation: Rejected,
    errors.UniqueViolation: DuplicateKey,
    errors.CheckViolation: CheckFailed,
    errors.CardinalityViolation: Rejected,
    errors.NumericValueOutOfRange: ValueRefused,
    errors.StringDataRightTruncation: ValueRefused,
    errors.UntranslatableCharacter: ValueRefused,
    errors.ProgramLimitExceeded: RowTooLong,
    errors.WithCheckOptionViolation: Rejected,
    errors.RaiseException: Rejected,
    # the same work can succeed later, or elsewhere
    errors.ConnectionFailure: DatabaseUnavailable,
    errors.AdminShutdown: DatabaseUnavailable,
    errors.CrashShutdown: DatabaseUnavailable,
    errors.CannotConnectNow: DatabaseUnavailable,
    errors.IdleSessionTimeout: DatabaseUnavailable,
    errors.DeadlockDetected: DatabaseUnavailable,
    errors.SerializationFailure: DatabaseUnavailable,
    errors.LockNotAvailable: QueryCancelled,
    errors.QueryCanceled: QueryCancelled,
    errors.ReadOnlySqlTransaction: DatabaseUnavailable,
    errors.DiskFull: DatabaseUnavailable,
    errors.OutOfMemory: DatabaseUnavailable,
    errors.TooManyConnections: DatabaseUnavailable,
    errors.IoError: DatabaseUnavailable,
    errors.InvalidPassword: DatabaseUnavailable,
    errors.InvalidCatalogName: DatabaseUnavailable,
    errors.IdleInTransactionSessionTimeout: DatabaseUnavailable,
    errors.lookup("25P04"): DatabaseUnavailable,  # transaction_timeout
    psycopg.OperationalError: DatabaseUnavailable,  # of the driver: the connection is lost
    # somebody has to change something first
    errors.InsufficientPrivilege: EtlError,
    errors.UndefinedTable: EtlError,
    errors.InvalidSchemaName: EtlError,
    errors.DuplicateTable: EtlError,
    errors.DuplicateObject: EtlError,
    errors.InvalidColumnReference: EtlError,
    errors.InvalidObjectDefinition: EtlError,
    errors.DependentObjectsStillExist: EtlError,
    errors.ObjectInUse: EtlError,
    errors.FeatureNotSupported: EtlError,
    errors.DataCorrupted: EtlError,
    errors.IndexCorrupted: EtlError,
    # our statements are wrong, or the server is
    errors.SyntaxError: BUG,
    errors.UndefinedColumn: BUG,
    errors.UndefinedFunction: BUG,
    errors.UndefinedParameter: BUG,
    errors.AmbiguousColumn: BUG,
    errors.DatatypeMismatch: BUG,
    errors.GroupingError: BUG,
    errors.InvalidCursorName: BUG,
    errors.InFailedSqlTransaction: BUG,
    errors.ActiveSqlTransaction: BUG,
    errors.NoActiveSqlTransaction: BUG,
    errors.InternalError_: BUG,
    errors.BadCopyFileFormat: BUG,
    errors.InvalidBinaryRepresentation: BUG,
    errors.StatementTooComplex: BUG,
    psycopg.ProgrammingError: BUG,
    psycopg.InterfaceError: BUG,
    psycopg.NotSupportedError: BUG,
    psycopg.InternalError: BUG,
}


@pytest.mark.parametrize("kind", MEANT, ids=lambda kind: kind.__name__)
def test_an_error_means_what_its_state_says(kind: type[psycopg.Error]) -> None:
    error = kind("so it is")
    with pytest.raises(Exception, match="so it is") as caught:
        reraise(error, "game.plays")
    if MEANT[kind] is BUG:
        assert caught.value is error
    else:
        assert type(caught.value) is MEANT[kind]
        assert caught.value.__cause__ is error


def test_a_value_that_the_driver_refuses_is_rejected() -> None:
    with pytest.raises(ValueRefused, match=r"game\.plays: .*NUL"):
        reraise(psycopg.DataError("a text can't contain NUL"), "game.plays")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (errors.OutOfMemory, "max_locks_per_transaction"),
        (errors.QueryCanceled, "statement_timeout"),
        (errors.ReadOnlySqlTransaction, "standby"),
        (errors.InsufficientPrivilege, "schema roles --apply"),
        (errors.UndefinedTable, "mlb-etl schema status"),
        (errors.DiskFull, "free some space"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_to_do_is_said(kind: type[psycopg.Error], said: str) -> None:
    with pytest.raises(EtlError, match=said):
        reraise(kind("so it is"))


def test_each_state_that_is_named_exists() -> None:
    for state in sql_errors._STATES:
        assert errors.lookup(state).sqlstate == state


def test_the_message_is_that_of_the_driver_where_the_server_says_nothing() -> None:
    assert message(psycopg.OperationalError("gone\n")) == "gone"
