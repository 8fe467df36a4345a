"""Where a project keeps generated files, according to `[tool.mlbgen]` in its pyproject.toml."""

import keyword
import re
import tomllib
from pathlib import Path

from mlbgen.language.errors import MlbgenError

PACKAGE = "my_tables"
MAPPINGS = "schemas/mappings"
VIEWS = "schemas/views"
SAMPLES = "schemas/samples"
MAPPING_SCHEMA = "schemas/mapping.schema.json"
MIGRATIONS = "migrations"
DICTIONARY = "docs/tables"
DICTIONARY_SCHEMA = "schemas/dictionary.schema.json"
_FILE = "pyproject.toml"
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
_TAKEN = frozenset(("mlb_contracts", "mlb_etl", "mlbgen", "mlbgen_templates"))


def package(root: Path) -> str:
    """The import name of the generated package. Raises MlbgenError for an unusable file or name."""
    name = _settings(root).get("package", PACKAGE)
    if not isinstance(name, str) or not can_be_package(name):
        message = "expected an unused name of lower-case letters, digits and underscores"
        raise MlbgenError(f"{root / _FILE}: tool.mlbgen.package is {name!r:.80}: {message}, such as {PACKAGE}")
    return name


def can_be_package(name: str) -> bool:
    """Whether a generated package can have this import name."""
    return bool(_NAME.fullmatch(name)) and not keyword.iskeyword(name) and name not in _TAKEN


def samples(root: Path) -> tuple[Path, ...]:
    """The folders of samples that the project keeps, whose rows its dictionary counts.

    Raises MlbgenError for an unusable file or a folder that is missing.
    """
    named = _settings(root).get("samples", [SAMPLES] if (root / SAMPLES).is_dir() else [])
    if not isinstance(named, list) or not all(isinstance(each, str) and each for each in named):
        raise MlbgenError(
            f'{root / _FILE}: tool.mlbgen.samples is {named!r:.80}: expected folders, such as ["{SAMPLES}"]'
        )
    if missing := [each for each in named if not (root / each).is_dir()]:
        raise MlbgenError(f"{root / _FILE}: tool.mlbgen.samples: there is no folder {missing[0]!r:.80}")
    return tuple(root / each for each in named)


def _settings(root: Path) -> dict[str, object]:
    try:
        settings = tomllib.loads((root / _FILE).read_bytes().decode()).get("tool", {}).get("mlbgen", {})
    except OSError as error:
        raise MlbgenError(f"{root / _FILE}: can't be read: {error.strerror}") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise MlbgenError(f"{root / _FILE}: is not TOML with tables `tool` and `tool.mlbgen`: {error}") from error
    if not isinstance(settings, dict) or settings.keys() - {"package", "samples"}:
        message = f'tool.mlbgen only knows the keys `package` and `samples`, as in package = "{PACKAGE}"'
        raise MlbgenError(f"{root / _FILE}: {message}")
    return settings


def generated(package: str = PACKAGE) -> str:
    """The folder of the generated package in the project."""
    return f"generated/{package}"


def migrations(package: str = PACKAGE) -> str:
    """The folder of the migrations in the project."""
    return f"{generated(package)}/{MIGRATIONS}"
