"""docker-compose.yaml as `docker compose` reads it, and a PostgreSQL as its image starts it."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from clones import ROOT
from databases import temporary_folder

NEEDED = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")
Service = dict[str, Any]


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text with `${NAME}`, `${NAME:-default}` and `${NAME:?message}` replaced; raises LookupError for the last."""

    def value(found: re.Match[str]) -> str:
        dollar, name, kind, rest = found.groups()
        if dollar:
            return "$"
        if kind == ":?" and not variables.get(name):
            raise LookupError(f"{name}: {rest}")
        return variables.get(name) or (rest if kind == ":-" else "")

    return NEEDED.sub(value, text)


def dotenv(folder: Path) -> dict[str, str]:
    """What .env sets; a value may name those before it."""
    found: dict[str, str] = {}
    for line in (folder / ".env").read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not name.startswith("#"):
            found[name] = interpolated(value, found)
    return found


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    found: dict[str, Service] = yaml.safe_load(interpolated((ROOT / "docker-compose.yaml").read_text(), variables))
    return found["services"]


def run_probe(service: Service, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the health check of a service."""
    kind, *words = service["healthcheck"]["test"]
    command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
    return subprocess.run(command, env=dict(environment), check=False, capture_output=True, text=True)


@contextmanager
def postgres(service: Service, programs: Path, port: int) -> Iterator[None]:
    """A server as postgres's image starts it: a new cluster, the init script, then the command, on this port.

    Its clients need a password, but for those on its socket.
    """
    folder = temporary_folder()
    account = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    os.chown(folder, account.pw_uid, account.pw_gid)
    as_account: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid} if os.geteuid() == 0 else {}
    own = {**os.environ, **service["environment"], "PGDATA": f"{folder}/pgdata", "PGHOST": str(folder)}
    own |= {"PGPORT": str(port), "PATH": f"{programs}:{os.environ['PATH']}"}

    def run(*command: str) -> None:
        subprocess.run(command, env=own, check=True, cwd="/", stdout=subprocess.DEVNULL, **as_account)

    def start(*command: str, options: str) -> None:
        words = " ".join(each if "=" not in each else f"'{each}'" for each in command)
        run("pg_ctl", "start", "--wait", "--silent", f"--options={words} {options}", f"--log={folder}/log")

    quick = "-c fsync=off"
    run("initdb", "--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync")
    try:
        start(options=f"{quick} -c listen_addresses= -k {folder}")  # as it is while the init script runs
        run("sh", str(ROOT / "helm" / "mlb-data-platform" / "files" / "postgres-init.sh"))
        run("pg_ctl", "stop", "--wait", "--silent", "--mode=fast")
        start(*service["command"][1:], options=f"{quick} -c listen_addresses=127.0.0.1 -k {folder}")
        yield
    finally:
        subprocess.run(
            ["pg_ctl", "stop", "--wait", "--silent", "--mode=immediate"], env=own, check=False, cwd="/", **as_account
        )
        shutil.rmtree(folder)
