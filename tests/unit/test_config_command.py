"""`mlb-etl config`, and the options that choose a settings file and a profile."""

import json
import os
from pathlib import Path

import pytest
from api import Api, serve
from commands import run
from sample_tables.game import METHOD
from samples import response

from mlb_contracts.response import Response
from mlb_etl.errors import EtlError
from mlb_etl.http.client import Client
from mlb_etl.http.request import build_request
from mlb_etl.settings import SETTINGS, Settings

FILE = """
base_url = "http://127.0.0.1:8000"
dsn = "postgresql://etl:SECRET@db/mlb"
live_cache = "redis://:SECRET@h"

[headers]
Authorization = {env = "TOKEN", prefix = "Bearer "}
Accept = "application/json"
X-Api-Key = "SECRET"

[profile.prod]
rate = "off"
dsn = {env = "PROD_DSN"}
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project with a settings file, and the working directory beside it."""
    for name in [name for name in os.environ if name.startswith("MLB_ETL_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "project"
    (folder / "below").mkdir(parents=True)
    (folder / "mlb-etl.toml").write_text(FILE)
    (folder / "mlb-etl.toml").chmod(0o600)
    monkeypatch.chdir(folder / "below")
    monkeypatch.setenv("TOKEN", "SECRET")
    return folder


def test_config_shows_values_and_where_they_are_from(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_TIMEOUT", "9")
    monkeypatch.setenv("MLB_ETL_RAET", "9")
    done = run("config", "show")
    assert done.exit_code == 0
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert lines[0] == ["file", f"{project}/mlb-etl.toml, profile none of prod, project {project}"]
    shown = {name: " ".join(rest.split()) for name, rest in lines[2:]}
    assert shown["base_url"] == "http://127.0.0.1:8000 ../mlb-etl.toml:2"
    assert shown["dsn"] == "user=etl dbname=mlb host=db ../mlb-etl.toml:3"
    assert shown["data"] == f"{project}/data default"
    assert shown["headers.Authorization"] == "*** ../mlb-etl.toml:7, $TOKEN"
    assert shown["headers.Accept"] == "application/json ../mlb-etl.toml:8"
    assert shown["headers.X-Api-Key"] == "*** ../mlb-etl.toml:9"
    assert shown["live_cache"] == "***@h ../mlb-etl.toml:4"
    assert shown["timeout"] == "9 MLB_ETL_TIMEOUT"
    assert shown["max_body"] == "64 default"
    names = {name.partition(".")[0] for name in shown}
    assert names == {each.name for each in SETTINGS} - {"config", "profile"}
    assert "SECRET" not in done.output
    assert done.stderr == "MLB_ETL_RAET is no setting: did you mean MLB_ETL_RATE?\n"


def test_config_as_json(project: Path) -> None:
    done = run("--config", "../mlb-etl.toml", "--profile", "prod", "config", "show", "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["file"], found["profile"], found["project"]) == (f"{project}/mlb-etl.toml", "prod", str(project))
    shown = {each.pop("setting"): each for each in found["settings"]}
    why = "../mlb-etl.toml:13: dsn stands in the environment variable PROD_DSN, which is not set"
    place = "../mlb-etl.toml:13"
    assert shown["dsn"] == {"value": None, "source": "profile", "place": place, "variable": None, "error": why}
    assert shown["rate"] == {
        "value": "off",
        "source": "profile",
        "place": "../mlb-etl.toml:12",
        "variable": None,
        "error": None,
    }
    assert done.stderr == f"Error: {why}\n"
    assert "SECRET" not in done.output
    assert "MLB_ETL_PROFILE" not in os.environ  # the option is not left behind
    assert "MLB_ETL_CONFIG" not in os.environ


def test_mistakes_end_a_command(project: Path) -> None:
    (project / "mlb-etl.toml").write_text("rte = 1")
    done = run("status")
    assert done.exit_code == 1
    assert done.stderr == 'Error: ../mlb-etl.toml:1:1: there is no setting rte (did you mean "rate"?)\n'
    assert run("--config", "nowhere.toml", "status").stderr.startswith("Error: the settings file nowhere.toml can't be")
    assert run("jobs", "list").exit_code == 0  # it needs no settings


def test_the_schema_of_the_file_is_printed(project: Path) -> None:
    (project / "mlb-etl.toml").unlink()
    assert json.loads(run("config", "schema").stdout)["properties"]["rate"]["anyOf"]


def test_headers_go_with_each_request(project: Path) -> None:
    """In place of ours of the same name, whatever its case; a missing one is told before anything is asked."""
    with serve() as api:
        (project / "mlb-etl.toml").write_text(
            f'base_url = "{api.url}"\nrate = "off"\n[headers]\nauthorization = {{env = "TOKEN", prefix = "Bearer "}}\n'
            'USER-AGENT = "tracker"\n'
        )
        ask(api)
        (asked,) = api.asked
        sent = {name.lower(): value for name, value in asked.headers.items()}
        assert sent["authorization"] == "Bearer SECRET"
        assert sent["user-agent"] == "tracker"
        assert sent["accept"] == "application/json"


def test_a_missing_header_is_told_before_anything_is_asked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN")
    assert project
    settings = Settings.from_environment()
    with pytest.raises(
        EtlError, match=r"headers\.Authorization stands in the environment variable TOKEN, which is not"
    ):
        Client.of(settings)


def ask(api: Api) -> Response:
    api.says("/api/v1/sample/1", response())
    client = Client.of(Settings.from_environment())
    try:
        return client.fetch(build_request(METHOD, {"game_pk": "1"}), lambda answer: answer)[0]
    finally:
        client.close()
