"""The files of the images agree with the project; `just images` builds and runs them."""

import os
import re
import runpy
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from checks import some

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^([a-z0-9-]+)==(\S+?)(?: ;.*)? \\$", re.MULTILINE)
EXTRAS = {
    "image": {"cache", "delta", "observe", "store"},
    "image-spark": {"cache", "delta", "observe", "spark", "store"},
}


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text()))


@pytest.mark.parametrize("name", EXTRAS)
def test_an_image_has_what_the_runtime_pins_and_its_extras(name: str) -> None:
    found = pins(name)
    assert pins("runtime").items() <= found.items()
    for extra in some(EXTRAS[name]):
        wanted = {re.split(r"[\[<>=]", each)[0] for each in PROJECT["project"]["optional-dependencies"][extra]}
        assert wanted <= found.keys()


@pytest.mark.parametrize("name", ["etl", "spark"])
def test_an_image_is_built_of_both_wheels(name: str) -> None:
    """And of nothing else: what is not named in .dockerignore is not even sent to the builder."""
    text = (DOCKER / f"Dockerfile.{name}").read_text()
    build, final = re.split(r"^FROM .*$", text, flags=re.MULTILINE)[1:]
    copied = {each for line in re.findall(r"^COPY (?!--from)(.*) \S+$", build, re.MULTILINE) for each in line.split()}
    included = runpy.run_path(str(ROOT / "baseball" / "hatch_build.py"))["FILES"]
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    folders = {each.removeprefix("../").split("/")[0] for each in (*packages, *some(included), "baseball")}
    assert folders <= copied
    sent = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    for each in some(copied | set(re.findall(r"^COPY (?!--)(\S+) ", final, re.MULTILINE))):
        assert (ROOT / each).exists()
        assert each in sent or each.split("/")[0] in sent, f"{each} is not in .dockerignore"
    assert "USER 10001:10001\nWORKDIR /data\n" in final
    assert len(re.findall(r"--require-hashes", build)) == 2


def spark_entrypoint(tmp_path: Path, words: list[str], environment: Mapping[str, str]) -> list[str]:
    """The words that the entry point runs, with programs that only print them."""
    (tmp_path / "bin").mkdir()
    for program in ("java", "spark-submit"):
        (tmp_path / "bin" / program).write_text('#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$@"\n')
        (tmp_path / "bin" / program).chmod(0o755)
    own = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "SPARK_HOME": str(tmp_path), **environment}
    command = [DOCKER / "spark-entrypoint.sh", *words]
    return subprocess.run(command, env=own, check=True, capture_output=True, text=True).stdout.splitlines()


def test_a_driver_of_spark_is_bound_to_its_pods_address(tmp_path: Path) -> None:
    words = ["driver", "--class", "org.apache.spark.deploy.PythonRunner", "local:///main.py", "--job", "a b"]
    said = spark_entrypoint(tmp_path, words, {"SPARK_DRIVER_BIND_ADDRESS": "10.1.2.3"})
    assert said[:3] == ["spark-submit", "--deploy-mode", "client"]
    assert "spark.driver.bindAddress=10.1.2.3" in said
    assert said[-5:] == words[1:]


def test_an_executor_of_spark_is_told_all_by_its_environment(tmp_path: Path) -> None:
    facts = {
        "DRIVER_URL": "spark://driver",
        "EXECUTOR_ID": "7",
        "EXECUTOR_CORES": "2",
        "EXECUTOR_MEMORY": "1g",
        "APPLICATION_ID": "app",
        "EXECUTOR_POD_IP": "10.1.2.4",
        "RESOURCE_PROFILE_ID": "0",
        "EXECUTOR_POD_NAME": "pod",
        "JAVA_OPT_0": "-Da=b c",
        "JAVA_OPT_1": "-Dd=e",
    }
    said = spark_entrypoint(tmp_path, ["executor"], {f"SPARK_{name}": value for name, value in facts.items()})
    assert said[:6] == ["java", "-Da=b c", "-Dd=e", "-Xms1g", "-Xmx1g", "-cp"]
    assert said[7] == "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend"
    given = dict(zip(said[8::2], said[9::2], strict=True))
    assert given == {
        "--driver-url": "spark://driver",
        "--executor-id": "7",
        "--cores": "2",
        "--app-id": "app",
        "--hostname": "10.1.2.4",
        "--resourceProfileId": "0",
        "--podName": "pod",
    }


def test_other_words_are_a_command(tmp_path: Path) -> None:
    assert spark_entrypoint(tmp_path, ["echo", "a b"], {}) == ["a b"]
