"""Puts the pages of the site together for Zensical: `python website/stage.py FOLDER TOOLS`.

They are those of docs/, with README, CONTRIBUTING, CHANGELOG and LICENSE from the root, and the reference.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import reference
import yaml

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
FROM_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.txt",
}
LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")  # label, target and anchor of a link or picture
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
DIAGRAM = re.compile(r"\[!\[([^\]\n]*)\]\(([^)\s]+\.svg)\)\]\(\2\)")  # a picture that opens itself, for its links
DRAWN = (
    r'<div class="diagram"><object type="image/svg+xml" data="\2" aria-label="\1"></object></div>'
    r'<p><a href="\2">The diagram by itself</a></p>'
)
WIDE = "---\nhide: [navigation, toc]\n---\n\n"  # room for a diagram


class Unfinished(Exception):
    """The pages and the navigation don't agree."""


def stage(folder: Path, tools: Path) -> None:
    """Write mkdocs.yml and the pages into the folder; what was there before is gone."""
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    for each in (pages, pages / "reference", pages / "assets"):
        each.mkdir(parents=True)
    _copy(pages)
    for name, text in reference.pages():
        (pages / "reference" / name).write_text(text)
    for name in ("site.css", "diagrams.js"):
        shutil.copyfile(HERE / name, pages / "assets" / name)
    script = tools / "node_modules" / "iframe-worker" / "shim" / "index.js"
    (pages / "assets" / "iframe-worker.js").write_text(script.read_text() if script.exists() else "")
    site = yaml.safe_load((HERE / "site.yaml").read_text())
    for entry in site["nav"]:
        if "Tables" in entry:
            entry["Tables"] = _dictionary(pages)
    _require_navigation(site["nav"], pages)
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(site | {"docs_dir": "pages"}, sort_keys=False))


def _copy(pages: Path) -> None:
    """Copy the files of the repository that the site has, with links among them that lead to their places there."""
    below = (path.relative_to(ROOT) for path in sorted((ROOT / "docs").rglob("*")) if path.is_file())
    places = FROM_ROOT | {path.as_posix(): path.relative_to("docs").as_posix() for path in below}
    for source, target in places.items():
        (pages / target).parent.mkdir(parents=True, exist_ok=True)
        if source.endswith(".md"):
            (pages / target).write_text(relinked((ROOT / source).read_text(), source, places))
        else:
            shutil.copyfile(ROOT / source, pages / target)


def relinked(text: str, source: str, places: Mapping[str, str]) -> str:
    """The text of a file whose links to other files lead to their places in the site.

    A link to a file that the site lacks is its label alone. A label that is the path of a page becomes its title, and a
    picture that opens itself a diagram with links.
    """

    def replace(found: re.Match[str]) -> str:
        label, link, anchor = found.groups("")
        path = os.path.normpath(PurePosixPath(source).parent / link)
        if path not in places:
            return label if (ROOT / path).exists() else found[0]
        title = TITLE.search((ROOT / path).read_text()) if label == link and path.endswith(".md") else None
        place = os.path.relpath(places[path], PurePosixPath(places[source]).parent)
        return f"[{title[1] if title else label}]({place}{anchor})"

    text, diagrams = DIAGRAM.subn(DRAWN, text)
    return (WIDE if diagrams else "") + LINK.sub(replace, text)


def _dictionary(pages: Path) -> list[Any]:
    """The navigation of the generated pages of docs/tables."""
    names = sorted(path.stem for path in (pages / "tables").glob("*.md"))

    def of(prefix: str) -> list[str]:
        return [f"tables/{name}.md" for name in names if name.startswith(prefix)]

    first, subjects, responses = ["tables/README.md", "tables/all-tables.md"], of("subject-"), of("response-")
    tables = [page for page in of("") if page not in {*first, *subjects, *responses}]
    return [*first, {"Subjects": subjects}, {"Tables and views": tables}, {"Responses": responses}]


def _require_navigation(navigation: list[Any], pages: Path) -> None:
    listed = [*_listed(navigation)]
    there = {path.relative_to(pages).as_posix() for path in pages.rglob("*.md")}
    if missing := there.symmetric_difference(listed):
        names = ", ".join(sorted(missing))
        raise Unfinished(f"a page and its line under nav in website/site.yaml belong together: {names}")


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
