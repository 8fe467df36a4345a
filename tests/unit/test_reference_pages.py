"""What the site makes from the code: commands, keys, settings and metrics; and links that lead to their places."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import marked
import pytest
import reference
import stage
from checks import some
from prometheus import METRICS

import mlb_etl.cli
import mlb_sim.cli
import mlbgen.cli
from mlb_etl.settings import SETTINGS

ROOT = Path(__file__).parents[2]
PROGRAMS = {"mlbgen": mlbgen.cli.commands, "mlb-etl": mlb_etl.cli.cli, "mlb-sim": mlb_sim.cli.main}


@cache
def pages() -> dict[str, str]:
    return dict(reference.pages())


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_has_each_command_under_a_heading_with_its_options(name: str) -> None:
    sections = dict(re.findall(r"^#+ (.+?)\n(.*?)(?=^#|\Z)", pages()[f"{name}.md"], re.DOTALL | re.MULTILINE))
    found = dict(some(commands(PROGRAMS[name], name)))
    assert [*sections] == [*found]
    for path, command in found.items():
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert re.search(rf"^\| `[^`]*{option.opts[0]}\b", sections[path], re.MULTILINE), (
                    f"{path} {option.opts}"
                )
        assert "\b" not in sections[path]


def test_exit_codes_and_examples_are_blocks() -> None:
    page = pages()["mlb-etl.md"]
    assert "Exit codes:\n\n```text\n0 done, 1 bad input" in page
    assert re.search(r"Examples:\n\n```sh\nmlb-etl schema init\n", page)


@pytest.mark.parametrize(("page", "kind"), [("mapping-keys.md", "mapping"), ("job-keys.md", "job")])
def test_each_key_has_its_meaning(page: str, kind: str) -> None:
    schema: dict[str, Any] = json.loads((ROOT / "schemas" / f"{kind}.schema.json").read_text())
    for part in some([schema, *schema["$defs"].values()]):
        for key, value in part.get("properties", {}).items():
            row = f"| {marked.text(value.get('description', ''))} |"
            assert [
                line for line in pages()[page].splitlines() if line.startswith(f"| `{key}` |") and line.endswith(row)
            ]
    for linked in some(re.findall(r"\]\(#(\w+)\)", pages()[page])):
        assert re.search(rf"^## {linked}$", pages()[page], re.MULTILINE | re.IGNORECASE), linked


def test_bounds_and_defaults_of_keys() -> None:
    assert (
        "| `attempts` | integer from 1 to 20 | `6` | How often a failing request is tried. |" in pages()["job-keys.md"]
    )
    assert "| `name` | text like `^[a-z][a-z0-9_]*$`, at most 63 characters | required |" in pages()["job-keys.md"]
    assert "| `tables` | list of [Table](#table), not empty | required |" in pages()["mapping-keys.md"]


def test_each_setting_and_metric_is_there() -> None:
    for setting in some(SETTINGS):
        [row] = [
            line for line in pages()["settings.md"].splitlines() if f"`{setting.variable or setting.name}`" in line
        ]
        assert marked.text(setting.expects) in row
        assert setting.default_text in row
    for metric in some(METRICS):
        assert f"| `{metric.name}{'_total' * (metric.kind == 'counter')}` | {metric.kind} |" in pages()["metrics.md"]


def test_text_is_not_markup() -> None:
    assert marked.text("a_b and *, <x> | [y]: --all or ${TODAY}, `a|b`") == (
        "a\\_b and \\*, \\<x\\> \\| \\[y\\]: `--all` or `${TODAY}`, `a\\|b`"
    )


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("README.md", "[laws](docs/laws.md#x)", "[laws](laws.md#x)"),
        ("docs/tables/a.md", "[first](../../README.md)", "[first](../index.md)"),
        ("docs/mapping.md", "[laws.md](laws.md)", "[The write laws](laws.md)"),
        ("docs/mapping.md", "[site](https://example.org/laws.md)", "[site](https://example.org/laws.md)"),
        ("docs/mapping.md", "[lint](../pyproject.toml) [x](nowhere.md)", "lint [x](nowhere.md)"),
        ("docs/mapping.md", "`x[a](b)`", "`x[a](b)`"),
        (
            "docs/tables/a.md",
            "[![All](a.svg)](a.svg)",
            stage.WIDE + stage.DRAWN.replace(r"\1", "All").replace(r"\2", "a.svg"),
        ),
    ],
)
def test_links_lead_to_places_of_the_site(source: str, text: str, expected: str) -> None:
    places = {"README.md": "index.md"} | {
        f"docs/{each}": each for each in ("laws.md", "mapping.md", "tables/a.md", "tables/a.svg")
    }
    assert stage.relinked(text, source, places) == expected
