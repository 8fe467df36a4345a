from pathlib import Path

import pytest
from psycopg import pq

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.errors import DatabaseUnavailable, EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.dsn import SECRETS, parse_dsn, without_secrets


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DSN", "DATA", "TABLES", "BASE_URL", "RATE", "OBJECT_STORE", "TIMEOUT", "MAX_BODY", "LIVE_CACHE"):
        monkeypatch.delenv(f"MLB_ETL_{name}", raising=False)
    defaults = Settings(None, tmp_path / "data", "mlb_tables", "https://statsapi.mlb.com", 1)
    assert Settings.from_environment() == defaults


@pytest.mark.parametrize("sign", ["data/postgres/lock", "config/jobs/mine.yaml"])
def test_the_data_folder_belongs_to_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sign: str) -> None:
    """From any folder below it, but not from a sibling; the environment takes precedence."""
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)
    outer, inner, beside = tmp_path / "outer", tmp_path / "outer" / "a" / "inner", tmp_path / "beside"
    for folder in (outer, inner):
        (folder / sign).parent.mkdir(parents=True)
        (folder / sign).touch()
    for below in (inner / "docs" / "deep", beside):
        below.mkdir(parents=True)
    found = {outer: outer, outer / "a": outer, inner: inner, inner / "docs" / "deep": inner, beside: beside}
    for here, project in found.items():
        monkeypatch.chdir(here)
        assert Settings.from_environment().data == project / "data"
    monkeypatch.setenv("MLB_ETL_DATA", "mine")
    assert Settings.from_environment().data == beside / "mine"


def test_the_folder_of_another_server_does_not_mark_a_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    (tmp_path / "data" / "postgres" / "PG_VERSION").touch()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert Settings.from_environment().data == tmp_path / "below" / "data"


def test_a_working_directory_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(EtlError, match="the working directory is gone"):
        Settings.from_environment()


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql:///mlb")
    monkeypatch.setenv("MLB_ETL_DATA", "/srv/mlb")
    monkeypatch.setenv("MLB_ETL_TABLES", "my_tables")
    monkeypatch.setenv("MLB_ETL_BASE_URL", "http://127.0.0.1:8000/")
    monkeypatch.setenv("MLB_ETL_RATE", "0.5")
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", "s3://captures")
    monkeypatch.setenv("MLB_ETL_LIVE_CACHE", "redis://:secret@127.0.0.1")
    settings = Settings(
        "postgresql:///mlb",
        Path("/srv/mlb"),
        "my_tables",
        "http://127.0.0.1:8000",
        0.5,
        "s3://captures",
        cache="redis://:secret@127.0.0.1",
    )
    assert "secret" not in repr(settings)
    assert Settings.from_environment() == settings


@pytest.mark.parametrize("name", ["json", "no_such_package", "..", ".x", "a b", "", "../mlb_tables", "a\0"])
def test_an_invalid_package_is_reported(name: str) -> None:
    with pytest.raises(EtlError, match="MLB_ETL_TABLES"):
        registry.methods(name)


def test_a_package_whose_modules_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlb_tables.METHODS", {"game.liveGameV1": "mlb_tables.gone"})
    with pytest.raises(EtlError, match=r"changed after it was generated: No module named 'mlb_tables\.gone'"):
        registry.method("mlb_tables", "game.liveGameV1")


def test_the_repr_of_a_pipeline_is_one_line_without_paths() -> None:
    method = registry.method("mlb_tables", "game.liveGameV1")
    shown = repr(
        Pipeline(
            method, Postgres(Settings("postgresql://me:secret@host/db", Path("data"), "mlb_tables", store="s3://k"))
        )
    )
    assert "Method('game.liveGameV1')" in shown
    assert len(shown) < 200
    assert "secret" not in shown
    assert "s3:" not in shown
    assert repr(method.tables[0]) == "Table('game.live_game_metadata')"


@pytest.mark.parametrize(
    "url", ["http://u:SECRET@host", "http://SECRET@host:x", "ftp://u:SE/SECRET@h", "u:SECRET@h", "http://h?key=SECRET"]
)
def test_an_invalid_url_is_reported_without_its_secret(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("MLB_ETL_BASE_URL", url)
    with pytest.raises(EtlError, match="MLB_ETL_BASE_URL is ") as caught:
        Settings.from_environment()
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://statsapi.mlb.com", "http://STATSAPI.mlb.com:80/x", "https://statsapi.mlb.com."]
)
@pytest.mark.parametrize("rate", ["off", "6"])
def test_the_public_api_always_has_a_rate(monkeypatch: pytest.MonkeyPatch, url: str, rate: str) -> None:
    monkeypatch.setenv("MLB_ETL_BASE_URL", url)
    monkeypatch.setenv("MLB_ETL_RATE", rate)
    settings = Settings.from_environment()
    with pytest.raises(
        EtlError, match=f"MLB_ETL_RATE is {rate}, which is for a server of your own: .* at most 5 times"
    ):
        settings.requests()
    assert settings.requests(2) == 2


def test_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_BASE_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    assert Settings.from_environment().requests() == float("inf")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("RATE", value) for value in ("0", "-1", "fast", "inf", "nan", "1e-300", "1e300")),
        *(
            ("BASE_URL", value)
            for value in (
                "",
                " ",
                "statsapi.mlb.com",
                "ftp://host",
                "http://",
                "http://h:x",
                "http://h:0",
                "http://h?a=1",
            )
        ),
        *(
            ("BASE_URL", f"http://{value}")
            for value in ("h/\n", "a b", "a" * 64, "[::1", "h#x", "me:it@h", "me@h", "@h")
        ),
        *((name, value) for name in ("TIMEOUT", "MAX_BODY") for value in ("0", "-1", "1e9", "9999999", "x", "1.5")),
    ],
)
def test_invalid_settings(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MLB_ETL_{name}", value)
    with pytest.raises(EtlError, match=f"MLB_ETL_{name} is "):
        Settings.from_environment()


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLB_ETL_BASE_URL", raising=False)  # of which only the real API could be meant
    for name in ("DSN", "DATA", "TABLES", "RATE", "OBJECT_STORE", "TIMEOUT", "MAX_BODY", "LIVE_CACHE"):
        monkeypatch.setenv(f"MLB_ETL_{name}", "")
    assert Settings.from_environment() == Settings(None, tmp_path / "data", "mlb_tables", "https://statsapi.mlb.com", 1)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:secret@host/mlb",
        "host=host user=me password=secret dbname=mlb",
        "postgresql://h/d?password=secret",
        "postgresql://h/d?sslpassword=secret&sslmode=require",
        "host=h sslpassword='secret' service=mine",
        "postgresql://me:secret@host/mlb?sslpassword=secret&oauth_client_secret=secret",
    ],
)
def test_secrets_are_taken_out_of_the_dsn(dsn: str) -> None:
    assert "secret" not in without_secrets(dsn)
    before, after = parse_dsn(dsn), parse_dsn(without_secrets(dsn))
    assert after == {name: value for name, value in before.items() if value != "secret"}


def test_every_secret_of_libpq_is_redacted() -> None:
    told = {each.keyword.decode() for each in pq.Conninfo.get_defaults() if each.dispchar == b"*"}
    assert "password" in told
    assert told <= SECRETS


def test_a_dsn_without_password_stays_as_it_is() -> None:
    assert without_secrets("postgresql://me@/mlb?host=%2Ftmp") == "postgresql://me@/mlb?host=%2Ftmp"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:secret@[host/mlb",
        "postgresql://me:secret/1@host/mlb",  # for libpq a host `me` and the port `secret`
        "postgresql://me:1@secret@host/mlb",  # and the host `secret@host`
        "password=secret host",
    ],
)
def test_a_dsn_that_cannot_be_read_is_not_repeated(dsn: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="percent-encoded") as caught:
        db.connect(Settings(dsn, Path(), "mlb_tables"))
    assert "secret" not in str(caught.value)
