"""What Argo does with the workflows of workflows/, without a cluster: DAGs, fan-outs, retries, exit handlers.

It knows what these workflows use, and fails on anything else. Steps are run by a function of the test.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PLACE = re.compile(r"\{\{(.*?)\}\}")
Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A container of a step, with all values filled in."""

    template: str
    container: Spec
    attempt: int  # from 0


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    stdout: str = ""


@dataclass
class Workflow:
    """A run: `steps` are those that were started, with their outcomes, in the order of their ends."""

    name: str
    parameters: Mapping[str, str]
    status: str = "Running"
    steps: list[tuple[Step, Outcome]] = field(default_factory=list)

    @property
    def failures(self) -> list[Step]:
        return [step for step, outcome in self.steps if outcome.exit_code != 0]

    def values(self) -> dict[str, str]:
        """What `{{workflow.…}}` stands for."""
        failed = [{"templateName": step.template, "message": "Error (exit code 1)"} for step in self.failures]
        given = {f"workflow.parameters.{name}": value for name, value in self.parameters.items()}
        return given | {
            "workflow.name": self.name,
            "workflow.namespace": "mlb-data-platform",
            "workflow.status": self.status,
            "workflow.failures": json.dumps(failed),
        }


class Argo:
    """The controller: `run` runs a step as a process would."""

    def __init__(self, folder: Path, run: Callable[[Step], Outcome]) -> None:
        self._run = run
        self._specs = {}
        for file in sorted(folder.glob("*.yaml")):
            each = yaml.safe_load(file.read_text())
            self._specs[each["metadata"]["name"]] = each["spec"]

    def submit(self, name: str, **parameters: str) -> Workflow:
        """What `argo submit --from workflowtemplate/NAME -p A=B` does; `game_pk` is game-pk. Returns when it ended."""
        spec = self._specs[name]
        if "workflowSpec" in spec:
            return self.submit(spec["workflowSpec"]["workflowTemplateRef"]["name"], **parameters)
        values = {each["name"]: each.get("value") for each in spec["arguments"]["parameters"]}
        values |= {key.replace("_", "-"): value for key, value in parameters.items()}
        assert None not in values.values(), f"{name} needs {values}"
        workflow = Workflow(f"{name}-1", values)
        workflow.status = self._template(workflow, spec, spec["entrypoint"], {})[0]
        self._template(workflow, spec, spec["onExit"], {})
        return workflow

    def _template(self, workflow: Workflow, spec: Spec, name: str, inputs: Mapping[str, str]) -> tuple[str, str]:
        """Run a template; its phase, and what it printed."""
        [template] = [each for each in spec["templates"] if each["name"] == name]
        known = {f"inputs.parameters.{key}": value for key, value in inputs.items()}
        wanted = {each["name"] for each in template.get("inputs", {}).get("parameters", ())}
        assert wanted == inputs.keys(), f"{name} takes {wanted}, not {inputs}"
        if "dag" in template:
            return self._dag(workflow, spec, template, known), ""
        container = _filled(template["container"], workflow.values() | known)
        for attempt in range(int(template["retryStrategy"]["limit"]) + 1):
            step = Step(name, container, attempt)
            outcome = self._run(step)
            workflow.steps.append((step, outcome))
            if outcome.exit_code == 0:
                return "Succeeded", outcome.stdout
        return "Failed", ""

    def _dag(self, workflow: Workflow, spec: Spec, template: Spec, known: Mapping[str, str]) -> str:
        dag = template["dag"]
        phases: dict[str, str] = {}
        values = workflow.values() | known
        for task in dag["tasks"]:  # in an order that fits `depends`, as they are written
            depends = task.get("depends")
            if depends is not None and not _holds(depends, phases):
                phases[task["name"]] = "Omitted"
            elif "when" in task and not _compares(_filled(task["when"], values)):
                phases[task["name"]] = "Skipped"
            else:
                phases[task["name"]], printed = self._task(workflow, spec, task, values, template.get("parallelism", 9))
                values[f"tasks.{task['name']}.outputs.result"] = printed
        needed = " ".join(task.get("depends", "") for task in dag["tasks"])
        leaves = [each["name"] for each in dag["tasks"] if each["name"] not in re.findall(r"[\w-]+", needed)]
        failed = any(phases[each] in {"Failed", "Omitted"} for each in dag.get("target", "").split() or leaves)
        return "Failed" if failed else "Succeeded"

    def _task(
        self, workflow: Workflow, spec: Spec, task: Spec, values: Mapping[str, str], parallelism: int
    ) -> tuple[str, str]:
        items = _items(task, values)
        if items == []:
            return "Skipped", ""
        name, its = task.get("template"), spec
        if "templateRef" in task:
            name, its = task["templateRef"]["template"], self._specs[task["templateRef"]["name"]]

        def each(item: object) -> tuple[str, str]:
            given = _filled(task.get("arguments", {}), {**values, **_item(item)}).get("parameters", ())
            return self._template(workflow, its, str(name), {one["name"]: one["value"] for one in given})

        with ThreadPoolExecutor(parallelism) as pool:
            found = list(pool.map(each, [None] if items is None else items))
        return "Failed" if any(phase == "Failed" for phase, _ in found) else "Succeeded", found[0][1]


def _items(task: Spec, values: Mapping[str, str]) -> Sequence[object] | None:
    if "withParam" in task:
        listed: list[object] = json.loads(_filled(task["withParam"], values))
        return listed
    if "withSequence" in task:
        sequence = _filled(task["withSequence"], values)
        return range(int(sequence["start"]), int(sequence["end"]) + 1)
    return None


def _item(item: object) -> dict[str, str]:
    if isinstance(item, dict):
        return {f"item.{key}": str(value) for key, value in item.items()}
    return {} if item is None else {"item": str(item)}


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """A copy with each `{{…}}` replaced; fails on one without a value."""
    if isinstance(value, str):
        return PLACE.sub(lambda found: values[found[1]], value)
    if isinstance(value, Mapping):
        return {key: _filled(each, values) for key, each in value.items()}
    return [_filled(each, values) for each in value] if isinstance(value, list) else value


def _holds(depends: str, phases: Mapping[str, str]) -> bool:
    """`a`, `a.Failed`, and several of them with ||."""
    return any(
        phases[name] in ({phase} if phase else {"Succeeded", "Skipped"})
        for name, _, phase in (each.strip().partition(".") for each in depends.split("||"))
    )


def _compares(condition: str) -> bool:
    left, right = condition.split(" != ")
    return left != right
