"""The chart's manifests as Helm renders them, the workflows, and the commands of mlb-etl in both."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from mlb_etl.cli import cli
from mlb_etl.jobs import job_files

ROOT = Path(__file__).parents[1]
CHART = ROOT / "helm" / "mlb-data-platform"
LOCAL = "values.local.example.yaml"
VALUES = ("values.yaml", LOCAL, "values-bitnami.yaml", "values-prod.yaml")
RELEASE = "mlb-data-platform"
Resource = dict[str, Any]


def helm(*arguments: str | Path, program: str = "helm") -> subprocess.CompletedProcess[str]:
    """Run Helm 4, or 3 if the program is helm3; skips the test where there is none."""
    if shutil.which(program) is None:
        pytest.skip('Helm is not on the PATH: PATH="$(deploy/check/install.sh)/bin:$PATH"')
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True)


@cache
def rendered(values: str, *sets: str) -> tuple[Resource, ...]:
    """The resources that a values file makes, under the release and namespace of the documented line."""
    options = [option for each in sets for option in ("--set", each)]
    done = helm("template", RELEASE, CHART, "--values", CHART / values, "--namespace", RELEASE, *options)
    assert done.returncode == 0, done.stderr
    return tuple(each for each in yaml.safe_load_all(done.stdout) if each)


def one(resources: Iterable[Resource], kind: str, name: str) -> Resource:
    """The resource of this kind and name."""
    [found] = [each for each in resources if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


@dataclass(frozen=True)
class Pod:
    name: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """In the order in which they run."""
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]


def pods(resources: Iterable[Resource]) -> Iterator[Pod]:
    """The pods that resources of Kubernetes start."""
    for each in resources:
        name = f"{each['kind']} {each['metadata']['name']}"
        spec = each.get("spec", {})
        if each["kind"] == "Pod":
            yield Pod(name, each["metadata"]["labels"], spec)
        elif each["kind"] == "CronJob":
            yield _pod(name, spec["jobTemplate"]["spec"]["template"])
        elif each["kind"] in {"Job", "Deployment", "StatefulSet"}:
            yield _pod(name, spec["template"])


def _pod(name: str, template: Mapping[str, Any]) -> Pod:
    return Pod(name, template["metadata"]["labels"], template["spec"])


def runs_etl(container: Mapping[str, Any]) -> bool:
    """Whether a container runs the program of its image, mlb-etl."""
    return container["image"].rpartition(":")[0].endswith("/etl") and "command" not in container


def require_valid(arguments: Iterable[str]) -> None:
    """Parse arguments of mlb-etl as the program does, with the values for the parameters of the job that they name.

    Raises click.UsageError or EtlError.
    """
    command: click.Command = cli
    context: click.Context | None = None
    rest, name = list(arguments), "mlb-etl"
    while True:
        context = command.make_context(name, rest, parent=context)
        if not isinstance(command, click.Group):
            break
        found, command_, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert command_ is not None
        name, command = str(found), command_
    if (named := context.params.get("job")) is None:
        return
    job = job_files.load_job(named, "mlb_tables")
    given = dict.fromkeys(("game_pk", "date", "season", "sport_id"), ())
    values = {key: list(context.params.get(key) or ()) for key in given}
    for each in context.params.get("params", ()):
        key, _, value = each.partition("=")
        values.setdefault(key, []).append(value)
    job_files.parameter_values(job, {key: each for key, each in values.items() if each})
