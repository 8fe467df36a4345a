"""The workflows: their commands exist, what they name is in the chart, and failures go where they should."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from argo import Argo, Outcome, Step
from checks import some
from manifests import RELEASE, ROOT, one, rendered, require_valid

WORKFLOWS = ROOT / "workflows"
SAMPLES = {"from": "yesterday", "to": "today", "game-pk": "747175", "season": "2024", "share": "1", "shares": "4"}
TEMPLATES: dict[str, dict[str, Any]] = {
    template["name"]: template
    for file in sorted(WORKFLOWS.glob("*.yaml"))
    for template in yaml.safe_load(file.read_text())["spec"].get("templates", ())
}


def containers() -> Iterator[dict[str, Any]]:
    return (each["container"] for each in TEMPLATES.values() if "container" in each)


@pytest.mark.parametrize("name", [name for name, each in TEMPLATES.items() if "container" in each])
def test_commands_are_those_of_the_program(name: str) -> None:
    container = TEMPLATES[name]["container"]
    if name == "alert":
        assert container["command"] == ["python3", "-c"]
        compile(container["args"][0], name, "exec")
        return
    assert container["command"] == ["mlb-etl"]
    place = re.compile(r"\{\{inputs\.parameters\.(.*?)\}\}")
    filled = [place.sub(lambda found: SAMPLES[found[1]], each) for each in container["args"]]
    assert "{{" not in "".join(filled)
    require_valid(filled)


def test_the_chart_has_what_they_name() -> None:
    chart = rendered("values-prod.yaml")
    data = one(chart, "ExternalSecret", RELEASE)["spec"]["data"]
    keys = {each["secretKey"] for each in data}
    images = {each["image"] for each in containers()}
    version = yaml.safe_load((ROOT / "helm" / RELEASE / "Chart.yaml").read_text())["appVersion"]
    assert images == {f"mlb-data-platform/etl:{version}"}
    for container in some([*containers()]):
        for each in container.get("envFrom", ()):
            assert one(chart, "ConfigMap", each["configMapRef"]["name"])
        for each in container["env"]:
            if "valueFrom" in each:
                reference = each["valueFrom"]["secretKeyRef"]
                assert reference["name"] == RELEASE
                assert reference.get("optional") or reference["key"] in keys
    for file in some(WORKFLOWS.glob("game-live-[dsn]*.yaml")):
        spec = yaml.safe_load(file.read_text())["spec"]
        if "workflowSpec" not in spec:
            assert one(chart, "ServiceAccount", spec["serviceAccountName"])
            assert one(chart, "ServiceAccount", spec["executor"]["serviceAccountName"])
            assert one(chart, "Secret", f"{spec['executor']['serviceAccountName']}.service-account-token")
    labels = TEMPLATES["fetch"]["metadata"]["labels"]
    policy = one(chart, "NetworkPolicy", f"{RELEASE}-etl")["spec"]["podSelector"]
    assert policy["matchLabels"].items() <= labels.items()
    assert labels["app.kubernetes.io/component"] in policy["matchExpressions"][0]["values"]


def test_steps_are_limited_and_without_privilege() -> None:
    for name, each in TEMPLATES.items():
        if "container" not in each:
            continue
        assert each["retryStrategy"]["retryPolicy"] == "Always", name
        assert each["retryStrategy"]["backoff"]["factor"] > 1, name
        assert each["activeDeadlineSeconds"] > 0, name
        assert each["container"]["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert "memory" in each["container"]["resources"]["limits"], name
    for file in some(WORKFLOWS.glob("game-live-[ds]*.yaml")):
        spec = yaml.safe_load(file.read_text())["spec"]
        assert spec["automountServiceAccountToken"] is False, file
        assert spec["securityContext"]["runAsNonRoot"] is True, file
        assert spec["activeDeadlineSeconds"] > 0, file


def test_the_nightly_run_is_at_midnight_utc() -> None:
    spec = yaml.safe_load((WORKFLOWS / "game-live-nightly.yaml").read_text())["spec"]
    assert (spec["schedules"], spec["timezone"]) == (["0 0 * * *"], "Etc/UTC")
    assert spec["workflowSpec"] == {"workflowTemplateRef": {"name": "game-live-daily"}}


def ran(name: str, broken: str = "", **parameters: str) -> tuple[str, Counter[str]]:
    """The status of a workflow in which some commands never succeed, and how often each step was started."""

    def run(step: Step) -> Outcome:
        text = " ".join(step.container["args"])
        listed = '[{"game_pk": "1"}, {"game_pk": "2"}]' if step.template == "unsettled" else ""
        return Outcome(1) if broken and broken in text else Outcome(0, listed)

    workflow = Argo(WORKFLOWS, run).submit(name, **parameters)
    return workflow.status, Counter(step.template for step, _ in workflow.steps)


def test_a_game_that_fails_holds_back_no_other_and_is_reported() -> None:
    whole = {"schedule": 1, "unsettled": 1, "fetch": 2, "transform": 2, "corrections": 1, "refresh-views": 1}
    assert ran("game-live-nightly") == ("Succeeded", whole)
    assert ran("game-live-nightly", "--game-pk 2") == ("Failed", whole | {"fetch": 6, "transform": 1, "alert": 1})
    listing = {"schedule": 1, "unsettled": 5, "alert": 1}
    assert ran("game-live-daily", "jobs pending", to="today-1") == ("Failed", listing)


def test_a_share_that_fails_holds_back_no_other_and_is_reported() -> None:
    whole = {"season": 4, "transform-pending": 1, "refresh-views": 1}
    assert ran("game-live-season", season="2024") == ("Succeeded", whole)
    assert ran("game-live-season", "3/4", season="2024") == ("Failed", whole | {"season": 8, "alert": 1})
    assert ran("game-live-single", game_pk="7") == ("Succeeded", {"fetch": 1, "transform": 1})
    assert ran("game-live-single", "transform", game_pk="7") == ("Failed", {"fetch": 1, "transform": 5, "alert": 1})
