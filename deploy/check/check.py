"""What `just deploy-check` checks, offline, by the tools of install.sh: the chart, its manifests, workflows, alerts.

Each mistake is a line on standard output; the exit code is 1 if there is any. Run by the Python of FOLDER/venv.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from kubeflow_spark_api.models.spark_v1beta2_scheduled_spark_application import SparkV1beta2ScheduledSparkApplication
from kubeflow_spark_api.models.spark_v1beta2_spark_application import SparkV1beta2SparkApplication
from pydantic import ValidationError

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "mlb-data-platform"
WORKFLOWS = ROOT / "workflows"
RULES = CHART / "files" / "rules.yaml"
KUBERNETES = "1.37.0"
RELEASE = "mlb-data-platform"
SPARK = {
    "SparkApplication": SparkV1beta2SparkApplication,
    "ScheduledSparkApplication": SparkV1beta2ScheduledSparkApplication,
}
IN_NODE = {"argoproj.io/v1alpha1", "monitoring.coreos.com/v1"}
WITHOUT_MODEL = {"external-secrets.io/v1"}  # no registry has its models
Resource = dict[str, Any]


def values_files() -> list[Path]:
    """The values files of the chart, and variants; values.local.yaml, if it is there, is the user's own."""
    files = sorted({*CHART.glob("values*.yaml")} - {CHART / "values.local.yaml"})
    return [*files, Path(__file__).with_name("variants.yaml")]


def rendered(helm: Path, values: Path) -> str:
    """The manifests of a values file, after `helm lint`; raises CalledProcessError."""
    subprocess.run([helm, "lint", "--strict", "--quiet", CHART, "--values", values], check=True, capture_output=True)
    command = [helm, "template", RELEASE, CHART, "--values", values, "--namespace", RELEASE]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def resources(text: str) -> list[Resource]:
    """The resources of a stream of YAML documents."""
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def title(each: Resource) -> str:
    """Kind and name."""
    metadata = each["metadata"]
    return f"{each['kind']} {metadata.get('name') or metadata.get('generateName')}"


def mistakes(each: Resource) -> Iterator[str]:
    """What is wrong with a resource of Kubernetes or of the Spark Operator."""
    version = each["apiVersion"]
    if version in IN_NODE | WITHOUT_MODEL:
        return
    if each["kind"] in SPARK:
        try:
            found = SPARK[each["kind"]].from_dict(each)
        except ValidationError as error:
            yield f"{title(each)}: {error}"
            return
        assert found is not None
        yield from (f"{title(each)}: {path}: no such field" for path in lost(each, json.loads(found.to_json())))
        return
    try:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{title(each)}: {error}"
    except kubernetes_validate.InvalidSchemaError as error:
        yield f"{title(each)}: {version} is not known: {error}"


def lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    """The fields that a model did not keep, because it does not know them."""
    if isinstance(given, dict):
        for name, value in given.items():
            if not isinstance(kept, dict) or name not in kept:
                yield f"{path}/{name}"
            else:
                yield from lost(value, kept[name], f"{path}/{name}")
    elif isinstance(given, list) and isinstance(kept, list):
        for number, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from lost(one, other, f"{path}/{number}")


def mistakes_in_node(found: list[Resource], tools: Path) -> list[str]:
    """What is wrong with resources whose models npm has."""
    command = ["node", Path(__file__).with_name("models.mjs"), tools]
    chosen = json.dumps([each for each in found if each["apiVersion"] in IN_NODE])
    return subprocess.run(command, input=chosen, check=True, capture_output=True, text=True).stdout.splitlines()


def linted(found: list[Resource], tools: Path) -> list[str]:
    """What tugboat says of workflows; it reads a CronWorkflow as the Workflow that it starts."""
    as_workflows = [
        {**each, "kind": "Workflow", "spec": each["spec"]["workflowSpec"]} if each["kind"] == "CronWorkflow" else each
        for each in found
    ]
    command = [tools / "venv" / "bin" / "tugboat", "--no-color"]
    done = subprocess.run(command, input=yaml.safe_dump_all(as_workflows), check=False, capture_output=True, text=True)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def rule_mistakes() -> list[str]:
    """What promtool says of the alerts and of their unit tests."""
    tests = sorted((ROOT / "tests" / "rules").glob("*.yaml"))
    commands = [["check", "rules", RULES], *(["test", "rules", each] for each in tests)]
    done = [subprocess.run(["promtool", *each], check=False, capture_output=True, text=True) for each in commands]
    return [each.stdout + each.stderr for each in done if each.returncode]


def main(tools: Path) -> int:
    """Check everything; the exit code."""
    found: list[str] = []
    jobs = [(helm, values) for values in values_files() for helm in ("helm3", "helm")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = pool.map(lambda job: rendered(tools / "bin" / job[0], job[1]), jobs)
        charts = {job: resources(text) for job, text in zip(jobs, texts, strict=True)}
    for values in values_files():
        three, four = charts["helm3", values], charts["helm", values]
        if sorted(map(title, three)) != sorted(map(title, four)):
            found.append(f"{values.name}: Helm 3 and 4 make other resources")
        found += [f"{values.name}: {each}" for resource in four for each in mistakes(resource)]
        found += [f"{values.name}: {each}" for each in mistakes_in_node(four, tools)]
    workflows = [each for file in sorted(WORKFLOWS.glob("*.yaml")) for each in resources(file.read_text())]
    found += mistakes_in_node(workflows, tools) + (linted(workflows, tools) if workflows else [])
    if RULES.exists():
        if shutil.which("promtool") is None:
            found.append("promtool is missing: apt-get install prometheus")
        else:
            found += rule_mistakes()
    for each in found:
        print(each)
    manifests = sum(map(len, charts.values()))
    print(f"deploy-check: {manifests} manifests, {len(workflows)} workflows, {len(found)} mistakes")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(map(str, error.cmd))}\n{error.stdout}\n{error.stderr}")
