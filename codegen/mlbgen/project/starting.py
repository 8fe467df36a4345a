"""A new project: a folder with settings, a mapping with its sample and shape, a job, a test, and what is generated."""

import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mlbgen import layout
from mlbgen.language.errors import MlbgenError
from mlbgen.project import generate, output
from mlbgen.rendering import render
from mlbgen.samples import infer

_NAME = re.compile("[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*")
_VARIABLE = re.compile("[A-Z][A-Z0-9_]{0,99}")
_URL = re.compile(r"[!#-;=?-\[\]-~]{1,2000}")  # visible, and no quotes that TOML, JSON or YAML would end at
_EXAMPLE: Final = "example.items"
SAMPLES: Final = "samples"
_FILES: Final = {
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    "mlb-etl.toml": "mlb-etl.toml",
    "justfile": "justfile",
    ".gitignore": "gitignore",
    ".github/workflows/ci.yaml": "ci.yaml",
    "config/jobs/items.yaml": "job.yaml",
    "schemas/mappings/example/items.yaml": "items.yaml",
    f"{SAMPLES}/example/items/page=1_20240701T120000Z.json": "sample.json",
    "tests/test_tables.py": "test_tables.py",
}


@dataclass(frozen=True, slots=True)
class NewProject:
    """Its name, the import name of its package, the API's URL, and the variable with the token, if any."""

    name: str
    package: str
    base_url: str
    variable: str


def describe(folder: Path, base_url: str, variable: str) -> NewProject:
    """The project that the folder is to hold. Raises MlbgenError if its name, or another fact, can't be used."""
    name = folder.name
    if not _NAME.fullmatch(name):
        raise MlbgenError(f"{name!r:.80} is not a project's name: letters, digits, - and _ are expected, such as shop")
    package = re.sub("[.-]", "_", name).lower()
    if (why := _unusable(package)) is not None:
        raise MlbgenError(f"the package would be {package}, which {why}: give the project another name")
    parts = urlsplit(base_url) if _URL.fullmatch(base_url) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise MlbgenError(f"{base_url!r:.80} is not the URL of an API, such as https://api.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise MlbgenError(f"{base_url!r:.80} is more than a server: paths such as /v2/things stand in mappings")
    if variable and not _VARIABLE.fullmatch(variable):
        raise MlbgenError(
            f"{variable!r:.80} is not the name of a variable, such as SHOP_TOKEN; its value is written nowhere"
        )
    return NewProject(name, package, base_url.rstrip("/"), variable)


def start(folder: Path, project: NewProject) -> list[str]:
    """Write the project, generated files too, and return their paths. Raises MlbgenError if the folder has files."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise MlbgenError(f"{folder} is there already, and not empty")
    texts = {path: render(f"project/{template}.jinja", project) for path, template in _FILES.items()}
    written = [*texts]
    output.write(folder, output.changes(folder, texts))
    shapes = infer.shape_files([folder / SAMPLES], [_EXAMPLE])
    output.write(folder, output.changes(folder, shapes))
    inputs = generate.read_project(folder)
    generated = generate.files(inputs, into=project.package, counts=generate.read_counts(folder, inputs))
    output.write(folder, output.changes(folder, generated))
    return sorted([*written, *shapes, *generated])


def _unusable(package: str) -> str | None:
    """Why no package can have this name, or None."""
    if not layout.can_be_package(package):
        return "can't be the name of one"
    if package in sys.stdlib_module_names:
        return "is a module of Python"
    if importlib.util.find_spec(package) is not None:
        return "is installed here already"
    return None
