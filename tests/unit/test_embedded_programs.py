"""Where the embedded server's programs come from, and which account runs them, on systems that lack either."""

import pwd
from pathlib import Path
from typing import NoReturn

import pytest

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.embedded import accounts, binaries
from mlb_etl.stores.embedded.accounts import Account


def no_such_entry(_: object) -> NoReturn:
    raise KeyError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with the programs of a server, where the package is not installed."""
    for name in ("postgres", "initdb"):
        (tmp_path / name).touch(0o755)
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_programs_on_the_path_serve_where_the_package_is_missing(installed: Path) -> None:
    assert binaries.find_programs("postgres", "initdb") == installed
    assert binaries.reachable(installed, None) == installed


def test_a_folder_without_all_programs_is_passed_over(installed: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"no PostgreSQL programs found \(postgres, no-such-program\)"):
        binaries.find_programs("postgres", "no-such-program")
    assert (installed / "postgres").exists()


def test_programs_that_the_account_cannot_reach(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those of the package are copied; others are for their owner to open."""
    monkeypatch.setattr(Account, "reaches", lambda *_: False)
    with pytest.raises(DatabaseUnavailable, match="account 60706, under which the server would run, can't access it"):
        binaries.reachable(installed, Account(60_706, 60_706))


def test_an_account_of_its_own_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    [free, *taken] = accounts.OWN
    entries = [pwd.struct_passwd(("x", "x", uid, uid, "", "/", "/bin/sh")) for uid in taken]
    monkeypatch.setattr(pwd, "getpwall", lambda: entries)
    assert accounts.own() == Account(free, free)


def test_a_system_without_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pwd, "getpwnam", no_such_entry)
    assert accounts.is_nobodys(tmp_path) is False
    monkeypatch.setattr(pwd, "getpwuid", no_such_entry)
    with pytest.raises(DatabaseUnavailable, match="this system has no account `nobody`"):
        accounts.named(Account(60_706, 60_706))


def test_a_system_that_lets_root_have_no_other_account() -> None:
    with pytest.raises(DatabaseUnavailable, match="don't run mlb-etl as root"), accounts.explain_account_errors():
        raise PermissionError("not permitted")
