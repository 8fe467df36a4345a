"""As much of the API of Kubernetes as Helm needs to render a chart whose templates look up Secrets."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MISSING = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


@contextmanager
def serve(resources: Iterable[Mapping[str, Any]], secret: Mapping[str, Any]) -> Iterator[str]:
    """Yields the URL of a cluster that knows the kinds of these resources, and has this Secret."""
    answers = {**_discovery(resources), "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}}
    where = secret["metadata"]
    answers[f"/api/v1/namespaces/{where['namespace']}/secrets/{where['name']}"] = dict(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            content = json.dumps(MISSING if found is None else found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _discovery(resources: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The answers that list groups and kinds, by path."""
    kinds: dict[str, set[str]] = {}
    for each in resources:
        kinds.setdefault(each["apiVersion"], set()).add(each["kind"])
    groups = []
    found: dict[str, dict[str, Any]] = {"/api": {"kind": "APIVersions", "versions": ["v1"]}}
    for version, its in kinds.items():
        group, slash, _ = version.rpartition("/")
        listed = [
            {"name": _plural(kind), "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get"]}
            for kind in its
        ]
        found[f"/apis/{version}" if slash else f"/api/{version}"] = {
            "kind": "APIResourceList", "groupVersion": version, "resources": listed,
        }  # fmt: skip
        if slash:
            its_version = {"groupVersion": version, "version": version.rpartition("/")[2]}
            groups.append({"name": group, "versions": [its_version], "preferredVersion": its_version})
    return found | {"/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}}


def _plural(kind: str) -> str:
    name = kind.lower()
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
