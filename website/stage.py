"""Puts the pages of the site together for Zensical: `python website/stage.py FOLDER TOOLS`.

The pages are those of docs/, with README, CONTRIBUTING, CHANGELOG and LICENSE from the root, and the reference, which
is made from the code each time: as no copy of it is committed, none can be out of date.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import marked
import program_pages
import schema_pages
import yaml

import mlb_etl.cli
import mlb_sim.cli
import mlbgen.cli
from mlb_etl.observe import catalog

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
FROM_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.txt",
}
LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s#:]+)")  # label and target of a link or picture, without the target's anchor
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
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


class Unfinished(Exception):
    """The pages and the navigation don't agree."""


def stage(folder: Path, tools: Path) -> None:
    """Write mkdocs.yml and the pages into the folder; what was there before is gone."""
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for source, target in _sources().items():
        (pages / target).parent.mkdir(parents=True, exist_ok=True)
        if source.endswith(".md"):
            (pages / target).write_text(_relinked((ROOT / source).read_text(), source, target))
        else:
            shutil.copyfile(ROOT / source, pages / target)
    (pages / "reference").mkdir()
    for name, text in _reference():
        (pages / "reference" / name).write_text(text)
    (pages / "assets").mkdir()
    shutil.copyfile(HERE / "site.css", pages / "assets" / "site.css")
    script = tools / "node_modules" / "iframe-worker" / "shim" / "index.js"
    (pages / "assets" / "iframe-worker.js").write_text(script.read_text() if script.exists() else "")
    site = yaml.safe_load((HERE / "site.yaml").read_text())
    _require_navigation(site["nav"], pages)
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(site | {"docs_dir": "pages"}, sort_keys=False))


def _sources() -> dict[str, str]:
    """Each file of the repository that the site has, with its place among the pages."""
    below = (path.relative_to(ROOT) for path in sorted((ROOT / "docs").rglob("*")) if path.is_file())
    return FROM_ROOT | {path.as_posix(): path.relative_to("docs").as_posix() for path in below}


def _relinked(text: str, source: str, target: str) -> str:
    """A page whose links to files of the repository lead to their places in the site.

    A label that is the path of a page becomes its title.
    """
    places = _sources()

    def replace(found: re.Match[str]) -> str:
        label, link = found.groups()
        path = os.path.normpath(PurePosixPath(source).parent / link)
        if path not in places:
            return found[0]
        title = TITLE.search((ROOT / path).read_text()) if label == link and path.endswith(".md") else None
        return f"[{title[1] if title else label}]({os.path.relpath(places[path], PurePosixPath(target).parent)}"

    return LINK.sub(replace, text)


def _reference() -> Iterator[tuple[str, str]]:
    """The pages that the code tells: each file name with its text."""
    yield "mlbgen.md", program_pages.page("mlbgen", mlbgen.cli.commands)
    yield "mlb-etl.md", program_pages.page("mlb-etl", mlb_etl.cli.cli)
    yield "mlb-sim.md", program_pages.page("mlb-sim", mlb_sim.cli.main)
    for file, title, schema, more in KEYS:
        keys = json.loads((ROOT / schema).read_text())
        introduction = f"From `{schema}`, with which editors complete and check the file. {more}"
        yield file, schema_pages.page(title, introduction, keys)
    yield "metrics.md", _metrics()


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


def _require_navigation(navigation: list[Any], pages: Path) -> None:
    listed = [*_listed(navigation)]
    there = {path.relative_to(pages).as_posix() for path in pages.rglob("*.md")}
    if missing := there.symmetric_difference(listed):
        raise Unfinished(
            f"a page and its line under nav in website/site.yaml belong together: {', '.join(sorted(missing))}"
        )


def _listed(entry: Any) -> Iterator[str]:
    match entry:
        case str():
            yield entry
        case list():
            for each in entry:
                yield from _listed(each)
        case dict():
            yield from _listed([*entry.values()])


if __name__ == "__main__":
    try:
        stage(Path(sys.argv[1]), Path(sys.argv[2]))
    except Unfinished as error:
        sys.exit(f"stage.py: {error}")
