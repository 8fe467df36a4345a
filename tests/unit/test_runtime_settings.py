from pathlib import Path

import pytest

from mlb_etl import registry
from mlb_etl.db import without_password
from mlb_etl.errors import DatabaseUnavailable, EtlError
from mlb_etl.pipeline import Pipeline
from mlb_etl.settings import Settings


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DSN", "DATA", "TABLES", "BASE_URL", "RATE", "OBJECT_STORE"):
        monkeypatch.delenv(f"MLB_ETL_{name}", raising=False)
    assert Settings.from_environment() == Settings(None, Path("data"), "mlb_tables", "https://statsapi.mlb.com", 1)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql:///mlb")
    monkeypatch.setenv("MLB_ETL_DATA", "/srv/mlb")
    monkeypatch.setenv("MLB_ETL_TABLES", "my_tables")
    monkeypatch.setenv("MLB_ETL_BASE_URL", "http://127.0.0.1:8000/")
    monkeypatch.setenv("MLB_ETL_RATE", "0.5")
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", "s3://captures")
    settings = Settings(
        "postgresql:///mlb", Path("/srv/mlb"), "my_tables", "http://127.0.0.1:8000", 0.5, "s3://captures"
    )
    assert Settings.from_environment() == settings


def test_a_pipeline_is_shown_in_a_line_without_its_places() -> None:
    method = registry.method("mlb_tables", "game.liveGameV1")
    shown = repr(
        Pipeline(method, Settings("postgresql://me:secret@host/db", Path("data"), "mlb_tables", store="s3://k"))
    )
    assert "Method('game.liveGameV1')" in shown
    assert len(shown) < 200
    assert "secret" not in shown
    assert "s3:" not in shown
    assert repr(method.tables[0]) == "Table('game.live_game_metadata')"


def test_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    assert Settings.from_environment().rate == float("inf")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("RATE", value) for value in ("0", "-1", "fast", "inf", "nan")),
        *(
            ("BASE_URL", value)
            for value in ("statsapi.mlb.com", "ftp://host", "http://", "http://h:x", "http://h?a=1", "http://me:it@h")
        ),
    ],
)
def test_what_does_not_fit(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MLB_ETL_{name}", value)
    with pytest.raises(EtlError, match=f"MLB_ETL_{name} is "):
        Settings.from_environment()


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DSN", "DATA", "TABLES", "BASE_URL", "RATE", "OBJECT_STORE"):
        monkeypatch.setenv(f"MLB_ETL_{name}", "")
    assert Settings.from_environment() == Settings(None, Path("data"), "mlb_tables", "https://statsapi.mlb.com", 1)


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
