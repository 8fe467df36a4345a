"""The chart's alerts and dashboard: valid to Prometheus' own tool, and about metrics that exist."""

import json
import re
import subprocess
from pathlib import Path

import prometheus
import pytest
from checks import some

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
NAMES = {name for metric in prometheus.METRICS for name in prometheus.sample_names(metric)}
NAMED = re.compile(r"\bmlb_etl_\w+")
UNITS = {"none", "s", "reqps", "percentunit", "short"}


def promtool(*arguments: str) -> str:
    done = subprocess.run([prometheus.program("promtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_alerts_fire_when_they_should() -> None:
    promtool("check", "rules", str(prometheus.RULES))
    tests = ROOT / "tests" / "rules" / "alerts.yaml"
    promtool("test", "rules", str(tests))
    for alert in some(prometheus.alerts()):
        assert f"alertname: {alert['alert']}\n" in tests.read_text(), "each has a test in which it fires"


@pytest.mark.parametrize("alert", prometheus.alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_is_about_what_exists(alert: dict[str, object]) -> None:
    assert set(NAMED.findall(str(alert["expr"]))) <= NAMES
    assert f"`{alert['alert']}`" in PAGE
    page, _, anchor = str(alert["annotations"]["runbook_url"]).partition("#")  # type: ignore[index]
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_the_dashboard_asks_what_can_be_answered(tmp_path: Path) -> None:
    dashboard = json.loads((prometheus.CHART / "dashboard.json").read_text())
    [variable] = dashboard["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    ids, queries = set(), []
    for panel in some(prometheus.panels()):
        ids.add(panel["id"])
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["title"]
        assert panel["description"]
        assert 0 <= panel["gridPos"]["x"] <= 24 - panel["gridPos"]["w"]
        for target in some(panel["targets"]):
            assert target["datasource"] == panel["datasource"]
            queries.append(target["expr"])
    assert len(ids) == len(prometheus.panels())
    assert {name for query in queries for name in NAMED.findall(query)} <= NAMES
    rules = [{"record": f"panel:query{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # YAML, too
    assert f"SUCCESS: {len(queries)} rules found" in promtool("check", "rules", str(file))
