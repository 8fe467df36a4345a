"""The committed mapping under each way to partition: one line of its text is another, and all else comes of that.

Tests take the fixtures `variant` and `variant_database`, which conftest has, and run once for each of the four.
"""

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from databases import create_template, temporary_database

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.stores.embedded.server import Server
from mlbgen import layout, lower
from mlbgen.language import source
from mlbgen.project import generate
from mlbgen.samples import shape_file

ROOT = Path(__file__).parents[1]
MAPPING = "schemas/mappings/game/live_game_v1.yaml"
API = "schemas/api/game/live_game_v1.json"
METHOD = "game.liveGameV1"
COMMITTED = "season"  # the choice that the repository has made, and its package
LINES = {
    COMMITTED: "partition_by: {column: season, kind: list, from: 2024, to: 2027}",
    "captured_at": "partition_by: {column: captured_at, kind: month, foreign_keys: none}",
    "game_date": "partition_by: {column: game_date, of: game.live_game_metadata, kind: month}",
    "unpartitioned": "partition_by: none",
}
_LINE = re.compile(r"^  partition_by: .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to partition, and the import name of the package that is generated for it."""

    name: str
    package: str

    @property
    def method(self) -> Method:
        return registry.method(self.package, METHOD)


class Variants:
    """The packages of a test session, each generated when it is first asked for, below a folder on sys.path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._packages = {COMMITTED: "mlb_tables"}
        self._templates: dict[tuple[Server, str], str] = {}

    def get(self, name: str) -> Variant:
        if name not in self._packages:
            self._packages[name] = _generate(mapping(name), f"tables_by_{name}", self._folder)
        return Variant(name, self._packages[name])

    def template(self, server: Server, name: str) -> str:
        """The name of a database in which `schema init` ran with that variant's package."""
        key = (server, name)
        if key not in self._templates:
            self._templates[key] = create_template(server, self.get(name).package)
        return self._templates[key]


def mapping(name: str) -> str:
    """The text of the committed mapping with that variant's line in place of its own."""
    text, lines = _LINE.subn(f"  {LINES[name]}", (ROOT / MAPPING).read_text())
    assert lines == 1
    return text


def _generate(text: str, package: str, folder: Path) -> str:
    """Write what is generated for the mapping as a package of that name."""
    shape = shape_file.load_shape(ROOT / API)
    given = generate.Input(lower.lower(source.parse(text, MAPPING), shape), shape)
    own = f"{layout.generated(package)}/"
    for path, content in generate.files([given], into=package).items():
        if path.startswith(own):
            file = folder / package / path.removeprefix(own)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    importlib.invalidate_caches()
    return package


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Variants]:
    folder = tmp_path_factory.mktemp("variants")
    sys.path.insert(0, str(folder))
    yield Variants(folder)
    sys.path.remove(str(folder))


@pytest.fixture(params=LINES)
def variant(request: pytest.FixtureRequest, variants: Variants) -> Variant:
    """Each of the four in turn."""
    return variants.get(request.param)


@pytest.fixture
def variant_database(server: Server, variants: Variants, variant: Variant) -> Iterator[str]:
    """DSN of a fresh database with the variant's tables."""
    with temporary_database(server, variants.template(server, variant.name)) as dsn:
        yield dsn
