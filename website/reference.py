"""The pages that the code tells, made each time the site is built: as no copy is committed, none can be out of date."""

import json
from collections.abc import Iterator
from pathlib import Path

import marked
import program_pages
import schema_pages

import mlb_etl.cli
import mlb_sim.cli
import mlbgen.cli
from mlb_etl.observe import catalog
from mlb_etl.settings import SETTINGS

ROOT = Path(__file__).parents[1]
KEYS = [
    (
        "mapping-keys.md",
        "Keys of a mapping",
        "schemas/mapping.schema.json",
        "[The language, by example](../mapping.md) shows most of them.",
    ),
    (
        "job-keys.md",
        "Keys of a job file",
        "schemas/job.schema.json",
        "[Capturing responses](../ingest.md) shows how jobs are run.",
    ),
]


def pages() -> Iterator[tuple[str, str]]:
    """The pages that the code tells: each file name with its text."""
    yield "mlbgen.md", program_pages.page("mlbgen", mlbgen.cli.commands)
    yield "mlb-etl.md", program_pages.page("mlb-etl", mlb_etl.cli.cli)
    yield "mlb-sim.md", program_pages.page("mlb-sim", mlb_sim.cli.main)
    for file, title, schema, more in KEYS:
        keys = json.loads((ROOT / schema).read_text())
        introduction = f"From `{schema}`, with which editors complete and check the file. {more}"
        yield file, schema_pages.page(title, introduction, keys)
    yield "settings.md", _settings()
    yield "metrics.md", _metrics()


def _settings() -> str:
    rows = [
        (
            "<br>".join(map(marked.code, filter(None, (each.name if each.in_file else None, each.variable)))),
            marked.text(each.expects),
            marked.code(each.default_text) if each.default_text else "",
            marked.text(each.help),
        )
        for each in SETTINGS
    ]
    table = marked.table(["in the file, environment", "value", "default", "meaning"], rows)
    more = "The environment takes precedence over the file. [Settings](../settings.md) shows how to write one."
    return "\n\n".join([marked.NOTE, "# All settings", more, table]) + "\n"


def _metrics() -> str:
    found = [*catalog.COUNTED.values(), *(each for each in vars(catalog).values() if isinstance(each, catalog.Metric))]
    rows = [
        (
            marked.code(f"{each.name}_total" if each.kind == "counter" else each.name),
            each.kind,
            ", ".join(map(marked.code, each.labels)),
            marked.text(each.help),
        )
        for each in found
    ]
    table = marked.table(["metric", "type", "labels", "meaning"], rows)
    run = ", ".join(map(marked.code, catalog.RUN_LABELS))
    more = f"Those of a run also have the labels {run}. [Monitoring](../monitoring.md#metrics) says where they go."
    return "\n\n".join([marked.NOTE, "# Metrics", more, table]) + "\n"
