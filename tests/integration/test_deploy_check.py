"""`just deploy-check` finds mistakes in each kind of resource; the check of the chart itself runs in .ci/run."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from manifests import ROOT

CHECK = ROOT / "deploy" / "check"
CALL = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import check
tools, found = Path(sys.argv[2]), json.load(sys.stdin)
argo = [each for each in found if each["apiVersion"] == "argoproj.io/v1alpha1"]
said = [line for each in found for line in check.mistakes(each)] + check.mistakes_in_node(found, tools)
print(json.dumps([said, check.linted(argo, tools)]))
"""
RESOURCES = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: right}
spec:
  schedule: 0 0 * * *
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: a/b:1}]}}}}
---
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: {name: right}
spec:
  type: Python
  mainApplicationFile: local:///x.py
  sparkVersion: 4.2.0
  driver: {env: [{name: A, value: b}]}
  executor: {cores: 1}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: right}
spec:
  schedules: [0 0 * * *]
  workflowSpec:
    entrypoint: main
    templates: [{name: main, container: {name: main, image: "a/b:1", args: [x]}}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: right}
spec: {selector: {}, podMetricsEndpoints: [{port: metrics}]}
"""
WRONG = {  # the place of a mistake, and a value there
    "CronJob": ("spec/jobTemplate/spec/template/spec/restartPolice", "Never"),
    "SparkApplication": ("spec/driver/envv", "x"),
    "CronWorkflow": ("spec/workflowSpec/templates/0/container/argz", ["x"]),
    "PodMonitor": ("spec/podMetricsEndpoints/0/portt", "x"),
}


def check(resources: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    found = shutil.which("tugboat")
    if found is None:
        pytest.skip('deploy-check is not installed: PATH="$(deploy/check/install.sh)/bin:$PATH"')
    tools = Path(found).parents[1]
    done = subprocess.run(
        [tools / "venv" / "bin" / "python", "-c", CALL, CHECK, tools],
        input=json.dumps(resources), check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, linted = json.loads(done.stdout)
    return said, linted


def test_mistakes_are_found_where_they_are_and_only_there() -> None:
    right = list(yaml.safe_load_all(RESOURCES))
    wrong = list(yaml.safe_load_all(RESOURCES))
    for each in wrong:
        place, value = WRONG[each["kind"]]
        *path, last = place.split("/")
        at: Any = each
        for step in path:
            at = at[int(step) if step.isdigit() else step]
        at[last] = value
        each["metadata"]["name"] = "wrong"
    said, linted = check([*right, *wrong])
    assert len(said) == len(WRONG), said
    for kind, (place, _) in WRONG.items():
        assert [line for line in said if line.startswith(f"{kind} wrong: ") and place.rpartition("/")[2] in line], said
    assert "argz" in linted[0]
    assert "Found 1 failures" in linted[0]


def test_a_workflow_whose_parts_do_not_fit_is_found() -> None:
    said, linted = check(list(yaml.safe_load_all(RESOURCES.replace("entrypoint: main", "entrypoint: mane"))))
    assert said == [], "the models know only fields"
    assert "mane" in linted[0]
    assert "Found 1 failures" in linted[0]
