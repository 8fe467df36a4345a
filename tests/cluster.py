"""The containers of manifests and workflows as processes of this machine: their commands, arguments and environment.

What a cluster gives them is replaced: a folder stands for the volumes, an address of the loopback network for the
addresses of pods, and values of the test for secrets.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import unmeasured
from manifests import Resource

PROGRAMS = Path(sys.executable).parent
REFERENCE = re.compile(r"\$\((\w+)\)")


@dataclass(frozen=True)
class Cluster:
    """`home` stands for /data and /tmp, `address` for 0.0.0.0; `secrets` are the keys of the one Secret."""

    home: Path
    address: str
    resources: Iterable[Resource]
    secrets: Mapping[str, str]

    def environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        """As the kubelet makes it, with $(NAME) filled in."""
        found: dict[str, str] = {}
        for each in container.get("envFrom", ()):
            found |= self._config(each["configMapRef"]["name"])
        for each in container.get("env", ()):
            if "value" in each:
                found[each["name"]] = REFERENCE.sub(lambda place: found[place[1]], each["value"])
            elif (reference := each["valueFrom"]["secretKeyRef"])["key"] in self.secrets:
                found[each["name"]] = self.secrets[reference["key"]]
            else:
                assert reference.get("optional"), f"the Secret has no {reference['key']}"
        return {name: self._here(value) for name, value in found.items()}

    def command(self, container: Mapping[str, Any]) -> list[str]:
        """The command, or that of the image, with the arguments."""
        values = self.environment(container)
        words = [*container.get("command", ["mlb-etl"]), *container.get("args", ())]
        return [self._here(REFERENCE.sub(lambda place: values[place[1]], word)) for word in words]

    def start(self, container: Mapping[str, Any]) -> subprocess.Popen[str]:
        """Start it, with nothing of the developer's own settings."""
        own = {name: value for name, value in unmeasured.environment().items() if not name.startswith(("MLB_", "PG"))}
        own |= {"PATH": f"{PROGRAMS}{os.pathsep}{own['PATH']}", "MLB_ETL_TABLES": "mlb_tables"}
        return subprocess.Popen(
            self.command(container), env=own | self.environment(container), cwd=self.home, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, container: Mapping[str, Any]) -> str:
        """Run it; what it printed."""
        process = self.start(container)
        printed, said = process.communicate(timeout=120)
        assert process.returncode == 0, (self.command(container), printed, said)
        return printed

    def _config(self, name: str) -> dict[str, str]:
        [found] = [each for each in self.resources if (each["kind"], each["metadata"]["name"]) == ("ConfigMap", name)]
        data: dict[str, str] = found["data"]
        return data

    def _here(self, text: str) -> str:
        if text == "/data":
            return str(self.home)
        return text.replace("0.0.0.0", self.address)  # noqa: S104 - it is replaced
