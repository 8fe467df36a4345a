from pathlib import Path

import pytest

from mlb_etl.db import without_password
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.settings import Settings


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DSN", "DATA", "TABLES"):
        monkeypatch.delenv(f"MLB_ETL_{name}", raising=False)
    assert Settings.from_environment() == Settings(None, Path("data"), "mlb_tables")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql:///mlb")
    monkeypatch.setenv("MLB_ETL_DATA", "/srv/mlb")
    monkeypatch.setenv("MLB_ETL_TABLES", "my_tables")
    assert Settings.from_environment() == Settings("postgresql:///mlb", Path("/srv/mlb"), "my_tables")


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DSN", "DATA", "TABLES"):
        monkeypatch.setenv(f"MLB_ETL_{name}", "")
    assert Settings.from_environment() == Settings(None, Path("data"), "mlb_tables")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:secret@host/mlb",
        "host=host user=me password=secret dbname=mlb",
        "postgresql://h/d?password=secret",
    ],
)
def test_a_password_is_taken_out_of_the_dsn(dsn: str) -> None:
    shown, taken = without_password(dsn)
    assert taken == "secret"
    assert "secret" not in shown


def test_a_dsn_without_password_stays_as_it_is() -> None:
    assert without_password("postgresql://me@/mlb?host=%2Ftmp") == ("postgresql://me@/mlb?host=%2Ftmp", None)


def test_a_dsn_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        without_password("postgresql://me:secret@[host/mlb")
    assert "secret" not in str(caught.value)
