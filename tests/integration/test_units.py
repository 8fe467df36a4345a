"""deploy/systemd: units that systemd accepts, and commands of units and crontab that mlb-etl has."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checks import some
from clones import ROOT
from manifests import require_valid

SYSTEMD = ROOT / "deploy" / "systemd"
SERVICES = ("mlb-etl-live.service", "mlb-etl-job@.service")
TIMES = re.compile(r"(?:[\d*/,-]+ ){5}")
LEAST_EXPOSED = 2.0  # of 10, as `systemd-analyze security` counts


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, with the program that is installed here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    folder = tmp_path_factory.mktemp("units")
    for file in some(sorted(SYSTEMD.glob("mlb-etl-*"))):
        program = str(Path(sys.executable).with_name("mlb-etl"))
        (folder / file.name).write_text(file.read_text().replace("/opt/mlb-etl/bin/mlb-etl", program))
    return folder


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], check=False, capture_output=True, text=True)


def test_systemd_accepts_the_units(units: Path) -> None:
    done = analyze("verify", "--man=no", *sorted(units.iterdir()))
    assert (done.returncode, done.stderr) == (0, "")
    wrong = units / "mlb-etl-wrong.service"
    wrong.write_text((units / SERVICES[0]).read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"))
    assert "protect home value" in analyze("verify", "--man=no", wrong).stderr
    wrong.unlink()


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_hardened(units: Path, name: str) -> None:
    done = analyze("security", "--offline=true", "--threshold=20", units / name)
    assert done.returncode == 0, done.stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None
    assert float(found[1]) <= LEAST_EXPOSED


def test_commands_of_units_are_those_of_the_program() -> None:
    live, job = ((SYSTEMD / name).read_text() for name in SERVICES)
    require_valid(command(live))
    arguments = re.search(r"^# ARGUMENTS=(.*)$", job, re.MULTILINE)
    assert arguments is not None
    words = command(job.replace("%i", "game_live_date").replace("$ARGUMENTS", arguments[1]))
    require_valid(words)
    assert words[-3:] == ["--date", "yesterday", "--transform"]


def command(unit: str) -> list[str]:
    [line] = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    return shlex.split(line)[1:]


def test_the_jobs_service_differs_from_the_live_ones_in_what_it_runs_only() -> None:
    live, job = (set((SYSTEMD / name).read_text().splitlines()) for name in SERVICES)
    hardening = {
        line for line in live if re.match(r"(Protect|Private|Restrict|System|Capab|NoNew|Lock|Dyn|User)", line)
    }
    assert len(hardening) > 20
    assert hardening <= job


def test_lines_of_the_crontab_run(tmp_path: Path) -> None:
    """By a shell, with a program that only says what it is asked to do, and with the settings of the environment."""
    program = tmp_path / "mlb-etl"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$MLB_ETL_DSN" "$@" >>"$MLB_ETL_DATA/said"\n')
    program.chmod(0o755)
    text = (
        (SYSTEMD / "crontab.example")
        .read_text()
        .replace("/etc/mlb-etl/environment", str(SYSTEMD / "environment.example"))
    )
    lines = [line for line in text.splitlines() if TIMES.match(line)]
    assert len(lines) == 3
    assert "%" not in text, "cron takes it for the end of a line"
    for line in some(lines):
        (tmp_path / "said").unlink(missing_ok=True)
        own = {"PATH": f"{tmp_path}:/usr/bin:/bin", "MLB_ETL_DATA": str(tmp_path)}
        subprocess.run(["sh", "-c", TIMES.sub("", line, count=1)], env=own, check=True)
        dsn, *words = (tmp_path / "said").read_text().splitlines()
        assert dsn == "postgresql://mlb_writer@127.0.0.1/mlb"
        require_valid(words)
