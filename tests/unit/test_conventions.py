"""An installed package says what an API's requests mean; without one, nothing is assumed of them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from mlb_contracts import conventions, extensions
from mlb_contracts.conventions import Conventions
from mlb_contracts.errors import EtlError
from mlb_contracts.response import Response

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
ASKED = {"hydrate": "team(stats)", "include": "legs,towns", "timecode": "20240701_110000", "at": "11"}


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """In place of what is installed, by name."""
    conventions.installed.cache_clear()
    yield monkeypatch
    conventions.installed.cache_clear()


def registered(install: pytest.MonkeyPatch, found: Mapping[str, object]) -> None:
    install.setattr(extensions, "names", lambda _: tuple(sorted(found)))
    install.setattr(extensions, "load", lambda _, name: found[name])


def response() -> Response:
    return Response("road", "tripV1", {"trip_id": "7"}, ASKED, "https://api/trip", 200, NOON, b"{}")


def test_without_a_package_all_parameters_are_about_the_subject(install: pytest.MonkeyPatch) -> None:
    registered(install, {})
    assert (response().as_of, response().hydrations) == (NOON, [])
    assert all(f"{name}=" in response().request for name in ASKED)


def test_a_package_says_what_parameters_mean(install: pytest.MonkeyPatch) -> None:
    def as_of(parameters: Mapping[str, str]) -> datetime:
        return NOON.replace(hour=int(parameters["at"]))

    own = Conventions(hydrate="include", hydrations=lambda text: text.split(","), times=frozenset({"at"}), as_of=as_of)
    registered(install, {"road": own})
    assert (response().as_of, response().hydrations) == (NOON.replace(hour=11), ["legs", "towns"])
    assert "&at=" not in response().request
    assert "timecode=" in response().request


def test_the_package_of_baseball_says_what_its_parameters_mean() -> None:
    assert (response().as_of, response().hydrations) == (NOON.replace(hour=11), ["team", "team.stats"])
    assert "timecode=" not in response().request
    assert conventions.installed().error == "messageNumber"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"road": Conventions(), "sea": Conventions()}, "road and sea both have conventions of an API: uninstall one"),
        ({"road": {"hydrate": "include"}}, "the conventions road are not a Conventions of mlb_etl"),
    ],
)
def test_unusable_ones_are_told(install: pytest.MonkeyPatch, found: Mapping[str, object], why: str) -> None:
    registered(install, found)
    with pytest.raises(EtlError, match=f"^{why}"):
        conventions.installed()
