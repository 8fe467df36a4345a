"""docker-compose.yaml: what needs no Docker of it is run, with the servers of the system.

The quick start of the specification, line by line by uv, against the PostgreSQL that the file describes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import clones
import composed
import psycopg
import pytest
import yaml
from checks import some
from compose_spec import PyCompose
from composed import Service
from manifests import require_valid
from redis import Redis
from redis_server import free_port

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
PASSWORDS = ("POSTGRES", "OWNER", "WRITER", "READER", "MINIO", "REDIS")
VARIABLES = {f"{name}_PASSWORD": f"secret-{name.lower()}" for name in PASSWORDS}
PATIENCE = 30.0  # seconds, on a busy machine
QUICK_START = re.findall("^uv run .*", (composed.ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    return composed.services(VARIABLES)


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """A clone with the .env of `just env`, on a port of its own."""
    with clones.clone() as folder:
        make_dotenv(folder)
        file = folder / ".env"
        file.write_text(file.read_text().replace("POSTGRES_PORT=5432", f"POSTGRES_PORT={free_port()}"))
        yield folder


def test_the_file_is_one_of_compose() -> None:
    text = composed.interpolated((composed.ROOT / "docker-compose.yaml").read_text(), VARIABLES)
    found = compose(text)
    found.validate()
    assert set(found.service_names()) >= {"postgres", "minio", "redis", "etl"}
    with pytest.raises(ValueError, match="imagge"):
        compose(text.replace("image: redis", "imagge: redis"))


def compose(text: str) -> PyCompose:
    """The file with its YAML merges done, which the parser leaves to its caller."""
    return PyCompose.from_json(json.dumps(yaml.safe_load(text)))


def test_no_password_is_in_it_and_none_may_be_missing() -> None:
    for missing in some(VARIABLES):
        with pytest.raises(LookupError, match=rf"{missing}: run \./run env first"):
            composed.services({name: value for name, value in VARIABLES.items() if name != missing})


def test_passwords_are_random_and_stay(tmp_path: Path) -> None:
    for name in ("justfile", ".env.example"):
        shutil.copy(composed.ROOT / name, tmp_path)
    make_dotenv(tmp_path)
    before = composed.dotenv(tmp_path)
    assert all(len(before[name]) == 48 for name in some(VARIABLES))
    assert len({before[name] for name in VARIABLES}) == len(VARIABLES)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    make_dotenv(tmp_path)
    assert composed.dotenv(tmp_path) == before
    subprocess.run(["git", "check-ignore", "--quiet", ".env"], cwd=composed.ROOT, check=True)


def make_dotenv(folder: Path) -> None:
    subprocess.run([Path(sys.executable).with_name("just"), "env"], cwd=folder, check=True, capture_output=True)


def test_servers_are_healthy_keep_their_data_and_are_only_reached_from_here(services: Mapping[str, Service]) -> None:
    for name in some(("postgres", "minio", "redis", "etl")):
        assert services[name]["healthcheck"]["test"]
        assert services[name]["restart"] == "unless-stopped"
        assert all(port.startswith("127.0.0.1:") for port in services[name].get("ports", []))
    assert {services[name]["volumes"][0].split(":")[0] for name in ("postgres", "minio", "etl")} == {
        "postgres",
        "minio",
        "etl",
    }


def test_what_runs_mlb_etl_has_no_rights_and_only_migrations_are_by_the_owner(services: Mapping[str, Service]) -> None:
    ours = {name: each for name, each in services.items() if each["image"].startswith("mlb-data-platform/etl:")}
    assert set(ours) == {"migrate", "roles", "etl"}
    for name, each in some(ours.items()):
        assert (each["read_only"], each["tmpfs"], each["cap_drop"]) == (True, ["/tmp"], ["ALL"])  # noqa: S108
        assert each["security_opt"] == ["no-new-privileges:true"]
        role = "writer" if name == "etl" else "owner"
        assert each["environment"]["MLB_ETL_DSN"] == f"postgresql://mlb_{role}@postgres:5432/mlb"
        assert each["environment"]["PGPASSWORD"] == f"secret-{role}"
        require_valid(each["command"])
    require_valid(services["etl"]["healthcheck"]["test"][2:])


def test_the_redis_wants_its_password_and_keeps_nothing(services: Mapping[str, Service], tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    service, port = services["redis"], free_port()
    probe = json.loads(json.dumps(service["healthcheck"]).replace("redis-cli", f"redis-cli -p {port}"))
    options = f"redis-server - --bind 127.0.0.1 --port {port} --dir {tmp_path}"
    command = [each.replace("redis-server -", options) for each in service["command"]]
    environment = service["environment"] | {"PATH": os.environ["PATH"]}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while composed.run_probe({"healthcheck": probe}, environment).returncode:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert composed.run_probe({"healthcheck": probe}, environment | {"REDISCLI_AUTH": "wrong"}).returncode != 0
        url = services["etl"]["environment"]["MLB_ETL_LIVE_CACHE"].replace("@redis:6379", f"@127.0.0.1:{port}")
        with Redis.from_url(url, decode_responses=True) as client:
            client.set("game:live:1", "{}")
            assert client.config_get("maxmemory*", "save") == {
                "maxmemory": str(128 << 20),
                "maxmemory-clients": "0",
                "maxmemory-eviction-tenacity": "10",
                "maxmemory-policy": "allkeys-lru",
                "maxmemory-samples": "5",
                "save": "",
            }
    finally:
        server.terminate()
        server.wait()
    assert list(tmp_path.iterdir()) == []


def test_the_quick_start(clone: Path) -> None:
    """As docs/deploy.md has it, in the PostgreSQL of the file, which mlb-etl finds by .env.

    `uv lock` shows that uv can set up an environment; the commands then use this one.
    """
    if not POSTGRES_15.is_dir():
        pytest.skip(f"PostgreSQL 15 is not installed in {POSTGRES_15}")
    variables = composed.dotenv(clone)
    service, port = composed.services(variables)["postgres"], int(variables["POSTGRES_PORT"])
    with composed.postgres(service, POSTGRES_15, port):
        probe = composed.run_probe(service, {"PGPORT": str(port), "PATH": f"{POSTGRES_15}:{os.environ['PATH']}"})
        assert probe.returncode == 0, probe.stderr
        environment = clones.environment(clone) | {"UV_ENV_FILE": ".env", "UV_NO_SYNC": "1"}
        assert len(QUICK_START) == 5
        script = "\n".join(["set -eu", "uv lock --quiet", *QUICK_START]) + " -k the_feed_that_ships"
        done = subprocess.run(
            ["sh", "-c", script], check=False, cwd=clone, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed" in done.stdout
        url = variables["MLB_ETL_DSN"].replace("mlb_owner", "mlb_reader")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)
        url = url.replace(variables["OWNER_PASSWORD"], variables["READER_PASSWORD"])
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT game_pk FROM game.live_game_metadata").fetchall() == [(747175,)]
            shown = connection.execute("SHOW max_wal_size").fetchone()
        assert shown == ("2GB",)
    probe = composed.run_probe(service, {"PGPORT": str(port), "PATH": f"{POSTGRES_15}:{os.environ['PATH']}"})
    assert probe.returncode != 0
