"""What the manifests of the chart promise: commands that exist, least privilege, references that resolve."""

import shlex
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import click
import kube_api
import manifests
import pytest
import yaml
from checks import some
from manifests import CHART, LOCAL, RELEASE, Pod, Resource, helm, one, pods, rendered, require_valid, runs_etl

from mlb_etl import plugins
from mlb_etl.errors import EtlError
from mlb_etl.jobs import job_files

ETL = "mlb-data-platform-etl"


@pytest.fixture(params=manifests.VALUES)
def resources(request: pytest.FixtureRequest) -> tuple[Resource, ...]:
    return rendered(request.param)


def test_commands_are_those_of_the_program(resources: tuple[Resource, ...]) -> None:
    for pod in some([*pods(resources)]):
        for container in filter(runs_etl, pod.containers):
            require_valid(container["args"])
    for each in resources:
        if each["kind"].endswith("SparkApplication"):
            spec = each["spec"].get("template", each["spec"])
            require_valid(["transform", "--engine", "spark", *spec["arguments"]])


@pytest.mark.parametrize(
    "wrong",
    ["ingest --jobs x", "ingest --job teams", "ingest --job team", "ingest --job team --param seeson=2026", "injest"],
)
def test_a_renamed_option_job_or_parameter_would_be_found(wrong: str) -> None:
    with pytest.raises((click.UsageError, EtlError)):
        require_valid(shlex.split(wrong))


def test_each_shipped_job_that_captures_can_be_scheduled() -> None:
    captures = [name for name, file in plugins.jobs().items() if job_files.read_job(file).storage.captures]
    jobs = [f"ingestion.jobs.{name.replace('_', '-')}.job={name}" for name in captures]
    schedules = [f"ingestion.jobs.{name.replace('_', '-')}.schedule=1 2 * * *" for name in captures]
    found = {
        pod.containers[0]["args"][2]
        for pod in pods(rendered("values.yaml", *jobs, *schedules))
        if pod.containers[0]["args"][:2] == ["ingest", "--job"]
    }
    assert found >= {*captures}


def test_pods_have_least_privilege(resources: tuple[Resource, ...]) -> None:
    accounts = {each["metadata"]["name"]: each for each in resources if each["kind"] == "ServiceAccount"}
    for pod in some([*pods(resources)]):
        assert pod.spec["automountServiceAccountToken"] is False, pod.name
        assert accounts[pod.spec["serviceAccountName"]]["automountServiceAccountToken"] is False, pod.name
        assert pod.spec["securityContext"]["runAsNonRoot"] is True, pod.name
        assert pod.spec["securityContext"]["runAsUser"] > 0, pod.name
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, pod.name
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, pod.name
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), pod.name
            assert "memory" in container["resources"]["limits"], pod.name
    tokens = [name for name, each in accounts.items() if each["automountServiceAccountToken"]]
    assert {*tokens} <= {f"{RELEASE}-spark"}, "Spark's driver starts its executors"


def test_only_migrations_are_by_the_owner(resources: tuple[Resource, ...]) -> None:
    """Everything else connects as the writer, whose DSN is in the shared ConfigMap."""
    assert "//mlb_writer@" in one(resources, "ConfigMap", ETL)["data"]["MLB_ETL_DSN"]
    for pod in some([*pods(resources)]):
        for container in filter(runs_etl, pod.containers):
            key = {each["name"]: each for each in container["env"]}["PGPASSWORD"]["valueFrom"]["secretKeyRef"]["key"]
            owns = "migrations" in pod.name
            assert key == ("owner-password" if owns else "writer-password"), pod.name
            assert any("//mlb_owner@" in each.get("value", "") for each in container["env"]) is owns, pod.name


def _references(container: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    for each in container.get("envFrom", ()):
        yield "ConfigMap", each["configMapRef"]["name"], None
    for each in container.get("env", ()):
        if "valueFrom" in each:
            yield "Secret", each["valueFrom"]["secretKeyRef"]["name"], each["valueFrom"]["secretKeyRef"]["key"]


@pytest.mark.parametrize("values", [LOCAL, "values-prod.yaml"])
def test_references_resolve(values: str) -> None:
    found = rendered(values)
    keys: dict[tuple[str, str], set[str]] = {}
    for each in found:
        name = each["metadata"]["name"]
        if each["kind"] == "ExternalSecret":
            keys["Secret", name] = {item["secretKey"] for item in each["spec"]["data"]}
        elif each["kind"] in {"Secret", "ConfigMap"}:
            keys[each["kind"], name] = {*each.get("data", {})}
    for pod in some([*pods(found)]):
        mounts = {volume["configMap"]["name"] for volume in pod.spec["volumes"] if "configMap" in volume}
        assert {("ConfigMap", name) for name in mounts} <= keys.keys(), pod.name
        for container in pod.containers:
            for kind, name, key in _references(container):
                assert key is None or key in keys[kind, name], f"{pod.name} {key}"
                assert (kind, name) in keys, pod.name


@pytest.mark.parametrize("values", ["values.yaml", "values-prod.yaml", "values-bitnami.yaml"])
def test_no_secret_is_in_a_manifest(values: str) -> None:
    secrets = [each for each in rendered(values) if each["kind"] == "Secret"]
    assert not [each for each in secrets if "data" in each or "stringData" in each]


def test_generated_secrets_are_random_and_stay_when_the_release_goes() -> None:
    [first, second] = (
        one(rendered(LOCAL, f"season={season}"), "Secret", RELEASE) for season in (2025, 2026)
    )  # two renderings
    assert first["data"].keys() == second["data"].keys()
    assert not {*first["data"].values()} & {*second["data"].values()}
    assert first["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("program", ["helm", "helm3"])
def test_an_upgrade_keeps_what_was_generated(program: str) -> None:
    """And generates what a new version needs, as of a server that was switched on."""
    kept = {"owner-password": "a2VwdA==", "redis-password": "dG9v"}
    owner = {"meta.helm.sh/release-name": RELEASE, "meta.helm.sh/release-namespace": RELEASE}
    metadata = {"name": RELEASE, "namespace": RELEASE, "annotations": owner}
    metadata |= {"labels": {"app.kubernetes.io/managed-by": "Helm"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": kept}
    with kube_api.serve(rendered(LOCAL), secret) as url:
        options = ("--dry-run=server", "--kube-apiserver", url, "--disable-openapi-validation")
        where = ("--values", CHART / LOCAL, "--namespace", RELEASE, "--show-only", "templates/secrets.yaml")
        done = helm("template", RELEASE, CHART, *where, *options, program=program)
    assert done.returncode == 0, done.stderr
    data = yaml.safe_load(done.stdout)["data"]
    assert kept.items() <= data.items()
    assert len(set(data.values())) == len(data) == len(one(rendered(LOCAL), "Secret", RELEASE)["data"])


def _selected(selector: Mapping[str, Any], pod: Pod) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= pod.labels.items()
    return wanted and all(
        pod.labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ())
    )


def test_network_policies_deny_what_is_not_needed(resources: tuple[Resource, ...]) -> None:
    policies = {
        each["metadata"]["name"].removeprefix(f"{RELEASE}-"): each["spec"]
        for each in resources
        if each["kind"] == "NetworkPolicy"
    }
    everyone = policies["default"]
    assert everyone["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in everyone
    assert {port["port"] for rule in everyone["egress"] for port in rule["ports"]} == {53}
    servers = {"postgresql", "minio", "redis"} & policies.keys()
    for pod in some([*pods(resources)]):
        component = pod.labels["app.kubernetes.io/component"]
        assert _selected(everyone["podSelector"], pod), pod.name
        assert _selected(policies["etl"]["podSelector"], pod) is any(map(runs_etl, pod.containers)), pod.name
        for server in servers:
            [rule] = policies[server]["ingress"]
            allowed = any(_selected(each["podSelector"], pod) for each in rule["from"])
            wanted = any(map(runs_etl, pod.containers)) or (component, server) == ("minio-bucket", "minio")
            assert allowed is wanted, f"{pod.name} {server}"


def test_probes_ask_the_servers_themselves() -> None:
    found = {pod.labels["app.kubernetes.io/component"]: pod.containers[-1] for pod in pods(rendered(LOCAL))}
    assert found["postgresql"]["readinessProbe"]["exec"]["command"][0] == "pg_isready"
    assert "redis-cli ping" in found["redis"]["readinessProbe"]["exec"]["command"][-1]
    assert found["minio"]["readinessProbe"]["httpGet"]["path"] == "/minio/health/ready"
    assert found["live"]["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert found["freshness"]["args"][0] == "status"


def test_alerts_and_the_dashboard_are_the_files() -> None:
    """Helm leaves the templates in them to Prometheus and Grafana."""
    found = rendered("values-prod.yaml")
    assert one(found, "PrometheusRule", RELEASE)["spec"] == yaml.safe_load((CHART / "files" / "rules.yaml").read_text())
    [dashboard] = one(found, "ConfigMap", f"{RELEASE}-dashboard")["data"].values()
    assert dashboard == (CHART / "files" / "dashboard.json").read_text()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("postgresql.enable=false", "additional properties 'enable' not allowed"),
        ("database.port=0", "minimum"),
        ("postgresql.enabled=false", "database.host: name a server"),
        ("minio.enabled=true", "objectStore.enabled has to be true too"),
        ("secrets.source=external", "secrets.external.storeName"),
        ("ingestion.jobs.mine.job=team", "schedule"),
    ],
)
def test_wrong_values_are_refused(wrong: str, reason: str) -> None:
    done = helm("template", RELEASE, CHART, "--set", wrong)
    assert done.returncode == 1
    assert reason in done.stderr, done.stderr


def test_own_values_stay_out_of_git() -> None:
    """The documented line reads values.local.yaml; what is committed is its example."""
    file = "helm/mlb-data-platform/values.local.yaml"
    subprocess.run(["git", "check-ignore", "--quiet", file], cwd=manifests.ROOT, check=True)
    assert yaml.safe_load((CHART / LOCAL).read_text())["secrets"] == {"source": "generated"}
