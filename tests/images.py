"""Builds the images of deploy/docker with buildah and runs them: `just images`, as root, on Debian.

No registry of images is needed: the base image is made of Debian's packages, once. The quick start runs in the built
image, as its user, on a read-only root file system, with docker-compose.yaml's PostgreSQL outside. Prints size, times.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import composed
from clones import ROOT
from databases import temporary_folder
from redis_server import free_port

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlb-data-platform" / "images"
BASE = "docker.io/library/python:3.11-slim-bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"  # what the images use of python:3.11-slim-bookworm
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")  # the host's, of its registries, while an image is built
DOCUMENTED = ("schema", "test", "transform")  # commands of the quick start in docs/deploy.md
SECRETS = ("POSTGRES", "OWNER", "WRITER", "READER", "MINIO", "REDIS")
MAIN = "local:///opt/mlb-etl/lib/python3.11/site-packages/mlb_etl/spark/__main__.py"
DRIVER = ["driver", "--master", "local[1]", MAIN]  # as Spark on Kubernetes starts it, but for the master
IMAGES = {"etl": ["mlb-etl"], "spark": ["/opt/spark/entrypoint.sh", "mlb-etl"]}  # with what they start


def buildah(*words: str | Path) -> str:
    command = ["buildah", f"--root={CACHE}/storage", f"--runroot={CACHE}/run", "--storage-driver=vfs", *words]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def make_base() -> None:
    """Make the base image, unless it is there."""
    if buildah("images", "--quiet", "--filter", f"reference={BASE}"):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    archive = CACHE / "base.tar"
    options = ["--mode=root", "--variant=apt", f"--include={PACKAGES}", "--quiet"]
    with SOURCES.open("rb") as sources:
        subprocess.run(["mmdebstrap", *options, "bookworm", archive, "-"], stdin=sources, check=True)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, archive, "/")
    buildah("commit", "--quiet", container, BASE)
    buildah("rm", container)
    archive.unlink()


def build(name: str) -> str:
    """Build an image; return its tag."""
    tag = f"localhost/mlb-data-platform/{name}:test"
    settings = CACHE / "pip.conf"
    settings.write_text("[global]\ncert = /run/certificates.crt\n")
    volumes = [f"--volume={CERTIFICATES}:/run/certificates.crt:ro", f"--volume={settings}:/etc/pip.conf:ro"]
    options = ["--isolation=chroot", "--pull-never", "--layers=false", "--quiet", *volumes]
    buildah("bud", *options, f"--file=deploy/docker/Dockerfile.{name}", f"--tag={tag}", ".")
    return tag


@dataclass(frozen=True)
class Running:
    """A container's files, and what its image says of how to run it."""

    root: Path
    config: Mapping[str, Any]
    data: Path  # stands for the volume at /data

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run its entry point with these words, by its user, with only /data and /tmp to write to."""
        return self.run_program(*self.config["Entrypoint"], *words, environment=environment)

    def run_program(
        self, *words: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        script = """
            set -eu
            mount --make-rprivate /
            mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
            mount -t tmpfs tmpfs "$1/tmp" && mount --bind "$2" "$1/data"
            mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev"
            root=$1 user=$3 folder=$4
            shift 4
            exec /usr/sbin/chroot --userspec="$user" "$root" /usr/bin/env --chdir="$folder" "$@"
        """
        own = dict(each.split("=", 1) for each in self.config["Env"]) | dict(environment or {})
        place = [str(self.root), str(self.data), self.config["User"], self.config["WorkingDir"]]
        command = ["unshare", "--mount", "sh", "-c", script, "sh", *place, *words]
        return subprocess.run(command, env=own, check=False, capture_output=True, text=True)

    def succeed(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        done = self.run(*words, environment=environment)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def container(tag: str) -> Iterator[Running]:
    name = buildah("from", "--pull-never", tag)
    config = json.loads(buildah("inspect", "--type=image", tag))["OCIv1"]["config"]
    data = temporary_folder()
    user = [int(each) for each in config["User"].split(":")]
    os.chown(data, *user)
    try:
        root = Path(buildah("mount", name))
        (root / "etc" / "hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")  # as engines do
        yield Running(root, config, data)
    finally:
        buildah("rm", name)
        shutil.rmtree(data)


def check_rights(running: Running) -> None:
    """Without rights, tools, or a place to write to but /data and /tmp."""
    config = running.config
    assert (config["User"], config["WorkingDir"]) == ("10001:10001", "/data")
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    look = "id -u; id -g; command -v gcc cc make pip hatchling || true; touch /data/a /tmp/a; touch /opt/a /usr/a"
    done = running.run_program("sh", "-c", look)
    assert done.stdout.split() == ["10001", "10001"], done.stdout
    assert done.stderr.count("Read-only file system") == 2, done.stderr


def check_start(running: Running, words: Sequence[str]) -> float:
    """The seconds until the program says its version."""
    assert [*running.config["Entrypoint"], *words[1:]] == list(words)
    began = time.monotonic()
    assert running.succeed(*words[1:], "--version").startswith("mlb-etl, version ")
    return time.monotonic() - began


def check_quick_start(running: Running, words: Sequence[str]) -> float:
    """The commands of docs/deploy.md; the seconds that they take."""
    variables = {f"{name}_PASSWORD": f"secret-{name.lower()}" for name in SECRETS}
    service, port = composed.services(variables)["postgres"], free_port()
    page = (ROOT / "docs" / "deploy.md").read_text()
    found = re.findall(r"^uv run mlb-etl (.*)", page, re.MULTILINE)
    commands = [re.sub(r"config/jobs/(.*)\.yaml", r"\1", each).split() for each in found]  # the jobs are in the image
    assert {each[0] for each in commands} == set(DOCUMENTED)
    own = {"MLB_ETL_DSN": f"postgresql://mlb_owner:secret-owner@127.0.0.1:{port}/mlb"}
    with composed.postgres(service, POSTGRES_15, port):
        began = time.monotonic()
        for command in commands:
            by_spark = command[0] == "transform" and bool(words[1:])
            full = [*DRIVER, *command[1:]] if by_spark else [*words[1:], *command]
            said = running.succeed(*full, environment=own)
            print(f"    {' '.join(command)}: {said.splitlines()[0] if said else 'done'}")
        took = time.monotonic() - began
        assert "game.live_game_plays" in said
        again = running.succeed(*words[1:], "transform", "--method", "game.liveGameV1", environment=own)
        assert re.search(r"applied 0\b", again), again
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="*", default=["etl"], choices=sorted(IMAGES), help="by default etl")
    for name in parser.parse_args().images:
        make_base()
        began = time.monotonic()
        tag = build(name)
        built = time.monotonic() - began
        with container(tag) as running:
            check_rights(running)
            starts = check_start(running, IMAGES[name])
            took = check_quick_start(running, IMAGES[name])
        size = next(each["size"] for each in json.loads(buildah("images", "--json", tag)))
        print(f"{name}: {size}, built in {built:.0f} s, starts in {starts:.2f} s, quick start {took:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
