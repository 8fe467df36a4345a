"""The program run by tests, on the database that MLB_ETL_DSN names, and what its tables hold afterwards."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from checks import some
from click.testing import CliRunner, Result
from psycopg import sql

from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.cli import cli


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def ingest(job: str | Path, *params: str) -> Any:
    """The summary of a run of the job."""
    given = [option for each in params for option in ("--param", each)]
    done = run("ingest", "--job", job, *given, "--quiet", "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def transform(method: str) -> Any:
    """The summary of applying all captures of the method."""
    return json.loads(run("transform", "--method", method, "--workers", "1", "--format", "json").stdout)


def load(*files: Path) -> Result:
    """Load stubs into their raw tables."""
    return run("test", "load-stub", *(option for file in some(files) for option in ("--file", file)))


def table(dsn: str, name: str) -> list[dict[str, Any]]:
    """The rows of a table, in the order of their key, without the time of writing."""
    query = sql.SQL("SELECT to_jsonb(t) - 'ingested_at' FROM {} t ORDER BY t").format(sql.Identifier(*name.split(".")))
    with psycopg.connect(dsn) as connection:
        return [row for (row,) in connection.execute(query).fetchall()]


def sample_files(folder: Path, method: str) -> Sequence[Path]:
    """The captured samples of all forms of the method."""
    endpoint = method.split(".", maxsplit=1)[0]
    names = {form.method for form in registry.method("mlb_tables", method).forms}
    return some([file for name in sorted(names) for file in sorted((folder / endpoint / name).glob("*.json.gz"))])


def stub(file: Path) -> dict[str, Any]:
    """A captured sample: its request, and under `response` the decoded answer."""
    found: dict[str, Any] = json.loads(stub_files.unzipped(file.read_bytes()))
    answer = found["response"]
    return found | {"response": json.loads(answer) if isinstance(answer, str) else answer}
