"""Secret headers: sent to the API of the settings alone, never to where it redirects, and repeated in no message."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from api import Answer, Api, serve

from mlb_etl.capture.fetch import fetch
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.settings import Settings

SECRET = "s3cret-value"  # noqa: S105 - of these tests
SETTINGS = """
base_url = "{url}"
rate = "off"
[headers]
Authorization = {{ env = "OWN_TOKEN", prefix = "Bearer " }}
"""


@pytest.fixture
def api() -> Iterator[Api]:
    with serve() as api:
        yield api


@pytest.fixture
def other() -> Iterator[Api]:
    with serve() as other:
        other.says("/things", {"all": "well"})
        yield other


@pytest.fixture
def settings(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("BASE_URL", "DATA", "RATE"):
        monkeypatch.delenv(f"MLB_ETL_{name}", raising=False)
    (tmp_path / "mlb-etl.toml").write_text(SETTINGS.format(url=api.url))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OWN_TOKEN", SECRET)
    return Settings.from_environment()


def test_it_goes_to_the_api_and_is_in_no_sample(api: Api, settings: Settings) -> None:
    api.says("/things/a?page=2", {"some": "thing"})
    for url, given in (
        ("/things/{name}", {"name": "a", "page": "2"}),
        (f"{api.url}/things/{{name}}?page=2", {"name": "a"}),
    ):
        found = fetch(settings, url, given)
        assert (found.path_params, found.query_params) == ({"name": "a"}, {"page": "2"})
        assert found.url == f"{api.url}/things/a?page=2"
        assert SECRET not in repr(found)
    assert [each.headers["Authorization"] for each in api.asked] == [f"Bearer {SECRET}"] * 2
    assert (found.endpoint, found.method) == ("api", "things")


def test_a_redirect_to_another_host_is_not_followed(api: Api, other: Api, settings: Settings) -> None:
    api.says("/things", Answer({}, status=302, headers={"Location": f"{other.url}/things"}))
    with pytest.raises(Rejected, match="302"):
        fetch(settings, "/things", {})
    assert other.asked == []


def test_another_server_does_not_get_it(other: Api, settings: Settings) -> None:
    fetch(settings, f"{other.url}/things", {})
    assert "Authorization" not in other.asked[0].headers


def test_a_server_whose_name_begins_like_the_apis_does_not_get_it(settings: Settings) -> None:
    """http://127.0.0.1:80801 is no port, but api.example.com.evil.example is a host."""
    with pytest.raises(EtlError):
        fetch(settings, f"{settings.api}0000/things", {})


@pytest.mark.parametrize("said", [SECRET, f"Bearer {SECRET}"])
def test_an_error_that_repeats_it_is_told_without(api: Api, settings: Settings, said: str) -> None:
    api.says("/things", Answer(json.dumps({"message": f"wrong: {said}"}).encode(), status=403))
    with pytest.raises(Rejected, match=r"wrong: .*\*\*\*") as caught:
        fetch(settings, "/things", {})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://me:pass@127.0.0.1/things", "not to have a user, password or fragment"),
        ("ftp://127.0.0.1/things", "is not a URL such as"),
        ("things", "is not a URL such as"),
        ("/things/{name}", "needs the parameter name"),
        ("/things?page=1&page=2", "has a parameter twice"),
        ("/" + "x" * 5000, "is not a URL such as"),
    ],
)
def test_a_url_that_can_not_be_asked(api: Api, settings: Settings, url: str, why: str) -> None:
    with pytest.raises(EtlError, match=why):
        fetch(settings, url, {})
    assert api.asked == []


def test_a_value_does_not_lead_to_another_folder(api: Api, settings: Settings) -> None:
    for value in ("..", "a/b", "", "a?b"):
        with pytest.raises(EtlError, match="name can't be"):
            fetch(settings, "/things/{name}", {"name": value})
    assert api.asked == []
