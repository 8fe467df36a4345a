"""The states of games, and that each is known in one place."""

import re
from pathlib import Path

import pytest
from checks import some

import mlb_etl
from mlb_etl.baseball import states
from mlb_etl.baseball.feed import GameStatus
from mlb_etl.baseball.states import PLAYED, SETTLED, SUSPENDED, State

RUNTIME = Path(mlb_etl.__file__).parent


def test_codes_and_groups() -> None:
    assert "".join(State) == "SPIMNOFDCTUQR"
    assert set("FCDQR") == SETTLED
    assert set("FQR") == PLAYED
    assert set("TU") == SUSPENDED
    assert "F" in SETTLED, "a code as it comes is its member"


def test_words() -> None:
    assert states.display_name("D") == "postponed"
    assert states.display_name("Z") is None, "the API adds more"
    assert all(states.display_name(state) == state.words for state in some(State))


@pytest.mark.parametrize(
    ("code", "status", "delayed"),
    [
        ("I", "IR", True),
        ("P", "PR", True),
        ("P", "PW", False),
        ("I", "I", False),
        ("F", "FR", False),
        ("Z", "ZR", False),
    ],
)
def test_delays(code: str, status: str, delayed: bool) -> None:  # noqa: FBT001 - what is expected
    assert GameStatus(code, status).delayed == delayed


def test_no_other_module_has_codes_of_its_own() -> None:
    codes = re.compile("|".join(f'(?<!TypeVar[(])"{state.value}"' for state in State) + '|frozenset[(]"')
    files = [*RUNTIME.glob("baseball/**/*.py"), *RUNTIME.glob("jobs/*.py")]
    assert [file.name for file in files if codes.search(file.read_text())] == ["states.py"]
